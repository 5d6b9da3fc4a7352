"""The draw as remembered: the frozen list, what was promised, what came out. Each once a campaign, for good."""

from __future__ import annotations

import msgspec

from bot.awards.canonical import canonical
from bot.awards.draw import Commitment, Entry, Result
from bot.awards.randomness import Told, decode_told
from bot.store.connection import Connection
from bot.store.log import EventLog
from detectors.evidence import Value


class Draw(Value):
    """All that is stored of one campaign's draw. ``told`` and ``result`` are None before it is held."""

    commitment: Commitment
    entries: tuple[Entry, ...]
    told: Told | None = None
    result: Result | None = None


def subject(campaign: str) -> str:
    """The subject of events that are about a campaign as a whole."""
    return f"campaign:{campaign}"


def frozen(connection: Connection, campaign: str) -> bytes | None:
    """The document of a campaign's frozen awards; None where they are not frozen."""
    row = connection.row("SELECT document FROM frozen_awards WHERE campaign = ?", (campaign,))
    return None if row is None else bytes(row[0])


class Draws:
    """Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection, log: EventLog) -> None:
        self._connection, self._log = connection, log

    def commit(self, commitment: Commitment, entries: tuple[Entry, ...], who: str, at: int) -> None:
        """Store what is being published. There must be none of this campaign."""
        document = commitment.document()
        name = commitment.campaign
        self._connection.run("INSERT INTO draws VALUES (?, ?, ?, ?)", (name, at, who, document))
        for entry in entries:
            out = None if entry.out is None else canonical(list(entry.out)).decode()
            self._connection.run(
                "INSERT INTO draw_entries VALUES (?, ?, ?, ?, ?, ?)",
                (name, entry.entry, out, entry.post_id, entry.unit, entry.salt),
            )
        facts = {"root": commitment.root, "entries": commitment.entries, "drawn_from": commitment.drawn_from,
                 "randomness": msgspec.to_builtins(commitment.randomness), "who": who}  # fmt: skip
        self._log.append("draw.committed", subject(name), at, facts)

    def hold(self, draw: Draw, told: Told, result: Result, who: str, at: int) -> None:
        """Store what came out. There must be a commitment and no result."""
        name = draw.commitment.campaign
        self._connection.run(
            "INSERT INTO draw_results VALUES (?, ?, ?, ?, ?)",
            (name, at, who, canonical(msgspec.to_builtins(told)), result.document()),
        )
        facts = {"commitment": result.commitment, "randomness": result.randomness, "seed": result.seed, "who": who,
                 "drawn": len(result.ranking)}  # fmt: skip
        self._log.append("draw.held", subject(name), at, facts)

    def get(self, campaign: str) -> Draw | None:
        """A campaign's draw; None where nothing was committed."""
        row = self._connection.row("SELECT document FROM draws WHERE campaign = ?", (campaign,))
        if row is None:
            return None
        commitment = msgspec.json.decode(row[0], type=Commitment)
        entries = tuple(
            Entry(entry=e, out=None if out is None else msgspec.json.decode(out, type=tuple[str, ...]),
                  post_id=post_id, unit=unit, salt=salt)
            for e, out, post_id, unit, salt in self._connection.rows(
                "SELECT entry, out, post_id, unit, salt FROM draw_entries WHERE campaign = ? ORDER BY entry",
                (campaign,),
            )
        )  # fmt: skip
        held = self._connection.row("SELECT told, document FROM draw_results WHERE campaign = ?", (campaign,))
        if held is None:
            return Draw(commitment=commitment, entries=entries)
        return Draw(
            commitment=commitment,
            entries=entries,
            told=decode_told(commitment.randomness, held[0]),
            result=msgspec.json.decode(held[1], type=Result),
        )
