"""What is known of media by content hash: that we hold the bytes, and what the detectors saw in them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.store.connection import Connection
from bot.store.log import EventLog
from detectors.evidence import Examined, Fingerprint, MediaEvidence

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Examined).decode
_STEP = 2_000  # pictures read at once


class MediaFacts:
    """Evidence, computed once per (content hash, detectors' version)."""

    def __init__(self, connection: Connection, log: EventLog) -> None:
        self._connection = connection
        self._log = log

    def add(self, sha256: str, size: int, at: int) -> None:
        """Note that these bytes are held."""
        self._connection.run("INSERT OR IGNORE INTO media VALUES (?, ?, ?)", (sha256, size, at))

    def save(self, sha256: str, version: str, examined: Examined, at: int) -> None:
        """Store evidence; harmless when it is there already. Local features go into a table of their own."""
        packed = b""
        if isinstance(examined, MediaEvidence):
            packed, examined = examined.features, msgspec.structs.replace(examined, features=b"")
        if self._connection.run(
            "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?)", (sha256, version, _encode(examined))
        ):
            self._log.append("media.examined", sha256, at, {"version": version})
        self.save_features(sha256, packed)

    def save_features(self, sha256: str, packed: bytes) -> None:
        """Store packed local features; nothing where there are none."""
        if packed:
            from detectors.features import parts  # here, so that who only reads loads no OpenCV

            self._connection.run("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", (sha256, *parts(packed)))

    def features(self, sha256: str) -> bytes:
        """The packed local features as last seen; empty where there are none."""
        row = self._connection.row("SELECT codes, rest FROM features WHERE sha256 = ?", (sha256,))
        return b"" if row is None else bytes(row[0] + row[1])

    def feature_codes(self) -> Iterator[tuple[int, bytes]]:
        """(node, the part of the packed features that an index needs) of every picture of the graph that has some."""
        last = ""
        while rows := self._connection.rows(
            "SELECT f.sha256, n.id, f.codes FROM features f JOIN nodes n ON n.key = 'm:' || f.sha256"
            " WHERE f.sha256 > ? ORDER BY f.sha256 LIMIT ?",
            (last, _STEP),
        ):
            yield from ((node, bytes(codes)) for _, node, codes in rows)
            last = rows[-1][0]

    def evidence(self, sha256: str, version: str) -> Examined | None:
        """What this version of the detectors saw; None where it has not looked yet."""
        row = self._connection.row("SELECT body FROM evidence WHERE sha256 = ? AND version = ?", (sha256, version))
        return None if row is None else _decode(row[0])

    def any_evidence(self, sha256: str, version: str) -> Examined | None:
        """What this version saw, else what another did: evidence does not vanish because the detectors were renewed."""
        row = self._connection.row(
            "SELECT body FROM evidence WHERE sha256 = ? ORDER BY version = ? DESC, version DESC LIMIT 1",
            (sha256, version),
        )
        return None if row is None else _decode(row[0])

    def fingerprints(self, sha256: str, version: str) -> tuple[Fingerprint, ...]:
        """The fingerprints among the evidence; empty where the bytes were unreadable or never seen."""
        examined = self.any_evidence(sha256, version)
        return examined.fingerprints if isinstance(examined, MediaEvidence) else ()

    def bank(self) -> list[tuple[str, str, str, tuple[str, ...]]]:
        """What everybody shares: (sha256, label, kind, PDQ hashes)."""
        rows = self._connection.rows("SELECT sha256, label, kind, pdqs FROM bank ORDER BY sha256")
        return [(sha, label, kind, tuple(pdqs.split())) for sha, label, kind, pdqs in rows]

    def add_to_bank(self, sha256: str, label: str, kind: str, pdqs: tuple[str, ...], who: str, at: int) -> bool:
        """Put a picture in the bank. False where it is there already."""
        new = self._connection.run(
            "INSERT OR IGNORE INTO bank VALUES (?, ?, ?, ?, ?, ?)", (sha256, label, kind, " ".join(pdqs), at, who)
        )
        if new:
            self._log.append("bank.added", sha256, at, {"label": label, "kind": kind, "who": who})
        return bool(new)

    def remove_from_bank(self, sha256: str, who: str, at: int) -> bool:
        """Take a picture out of the bank. False where it is not there."""
        gone = self._connection.run("DELETE FROM bank WHERE sha256 = ?", (sha256,))
        if gone:
            self._log.append("bank.removed", sha256, at, {"who": who})
        return bool(gone)
