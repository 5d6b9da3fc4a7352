"""The draw at the command line: what it refuses, what it publishes, and that it happens once."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest
import time_machine

from benchmarks.draw import NETWORK
from bot.awards import merkle
from bot.awards.canonical import canonical
from bot.awards.verify_draw import check
from bot.store import Store
from tests.integration.commands import AT, PEOPLE, Command

AFTER = dt.datetime(2025, 7, 27, 4, tzinfo=dt.UTC)
LATER = AFTER + dt.timedelta(hours=1, seconds=10)


class Drand(BaseHTTPRequestHandler):
    """A host of a drand network of one; ``lies`` are ports that tell another genesis, and another round's signature."""

    lies: ClassVar[set[int]] = set()
    down: ClassVar[set[int]] = set()

    def do_GET(self) -> None:
        """Answer for a round of the chain."""
        port = self.connection.getsockname()[1]
        if self.path.endswith("/info"):
            chain = NETWORK.chain
            facts = {"public_key": chain.public_key, "genesis_time": chain.genesis + (port in self.lies), "period": 3}
            self._answer(port, facts)
            return
        number = int(self.path.rsplit("/", 1)[1])
        told = NETWORK.beacon(number + (port in self.lies))
        self._answer(port, {**msgspec.to_builtins(told), "round": number, "more": 1})

    def _answer(self, port: int, facts: dict[str, object]) -> None:
        self.send_response(500 if port in self.down else 200)
        self.end_headers()
        self.wfile.write(json.dumps(facts).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Stay silent."""


@pytest.fixture
def drand(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Three hosts of drand on loopback, named in the settings; gives their ports."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Drand) for _ in range(3)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = [int(server.server_address[1]) for server in servers]
    told = msgspec.to_builtins(NETWORK.settings) | {"hosts": ",".join(f"http://127.0.0.1:{port}" for port in ports)}
    for name, value in told.items():
        monkeypatch.setenv(f"GATEWARDEN_DRAW__{name.upper()}", str(value))
    monkeypatch.setattr(Drand, "lies", set())
    monkeypatch.setattr(Drand, "down", set())
    yield ports
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_draw_is_committed_published_and_held_once(
    command: Command, eligible: Path, tmp_path: Path, drand: list[int]
) -> None:
    """Commit, an hour, hold: the bundle verifies; a second of either is refused, and so is one too early."""
    where = ("--data", eligible, "--as", "amy")
    with time_machine.travel(AFTER, tick=False):
        assert command("draw", "hold", *where).status == 1
        made = command("draw", "commit", "-o", tmp_path / "out", "--json", *where)
        assert (made.status, made.objects[0]["entries"], made.objects[0]["drawn_from"]) == (0, 6, 3)
        assert command("draw", "commit", *where).status == 1
        early = command("draw", "hold", *where)
        assert early.status == 1
        assert "too early" in early.err
    Drand.down = {drand[0]}
    with time_machine.travel(LATER, tick=False):
        held = command("draw", "hold", "-o", tmp_path / "out", "--json", *where)
        assert (held.status, held.err.count("\n")) == (0, 1)
        again = command("draw", "hold", *where)
        assert again.status == 1
        assert "no second one" in again.err
    ranking, others = check(tmp_path / "out", made.objects[0]["commitment"], NETWORK.named)
    assert held.objects[0]["first"] == ranking[:3]
    assert sorted(others.values()) == [["content.stolen"], ["draw.same_person"], ["hashtag.missing", "media.none"]]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "commitment.json", "entries.jsonl", "beacon.json", "result.json", "verify_draw.py",
    }  # fmt: skip
    published = b"".join(path.read_bytes() for path in (tmp_path / "out").glob("*.json*"))
    assert not any(f'"{name}"'.encode() in published for names in PEOPLE for name in names if name)
    receipt = command("draw", "receipt", "2", "--data", eligible).objects[0]
    assert receipt["place"] == ranking.index(receipt["entry"]) + 1
    assert command("draw", "receipt", "3", "--data", eligible).objects[0]["out"] == ["draw.same_person"]
    assert command("draw", "receipt", "99", "--data", eligible).status == 1
    assert len(command("draw", "receipt", "--data", eligible).objects) == 6
    steps = [(side, bytes.fromhex(sibling)) for side, sibling in receipt["path"]]
    line = canonical({"entry": receipt["entry"], "out": None})
    assert merkle.follow(line, steps).hex() == receipt["root"] == made.objects[0]["root"]


def test_what_was_published_cannot_be_changed(command: Command, eligible: Path, drand: list[int]) -> None:
    """The tables refuse a change, and one made behind their back is found before anything is drawn."""
    where = ("--data", eligible, "--as", "amy")
    with time_machine.travel(AFTER, tick=False):
        assert command("draw", "commit", *where).status == 0
    store = Store(eligible)
    for statement in (
        "DELETE FROM draws",
        "UPDATE draws SET document = x'00'",
        "DELETE FROM draw_entries",
        "UPDATE draw_entries SET out = '[]'",
    ):
        with pytest.raises(Exception, match="what was published stays"):
            store.connection.run(statement)
    store.connection.run("DROP TRIGGER draw_entries_keep_update")
    store.connection.run("UPDATE draw_entries SET out = '[\"rule.other\"]' WHERE post_id = '2'")
    store.close()
    with time_machine.travel(LATER, tick=False):
        refused = command("draw", "hold", *where)
    assert refused.status == 1
    assert "database was changed" in refused.err


def test_no_host_can_choose_the_round(command: Command, eligible: Path, drand: list[int], tmp_path: Path) -> None:
    """Hosts that give another signature, or none, are passed over; where no other is left nothing is drawn, and
    afterwards it can still be."""
    where = ("--data", eligible, "--as", "amy")
    with time_machine.travel(AFTER, tick=False):
        command("draw", "commit", *where)
    with time_machine.travel(LATER, tick=False):
        Drand.lies, Drand.down = set(drand[:2]), {drand[2]}
        refused = command("draw", "hold", *where)
        assert command("draw", "show", "--json", "--data", eligible).objects[0]["held"] is False
        Drand.down = set()
        assert command("draw", "hold", "-o", tmp_path / "out", *where).status == 0
    assert refused.status == 1
    assert refused.err.count("is not that of drand's network") == 2 and "answered 500" in refused.err
    assert len(check(tmp_path / "out", chain=NETWORK.named)[0]) == 3


def test_a_mistyped_network_is_refused_before_anything_is_published(
    command: Command, eligible: Path, drand: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The facts of the chain must give its hash: else the round could never be checked."""
    monkeypatch.setenv("GATEWARDEN_DRAW__PERIOD", "30")
    with time_machine.travel(AFTER, tick=False):
        refused = command("draw", "commit", "--data", eligible, "--as", "amy")
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert "[draw] chain" in refused.err
    assert command("draw", "show", "--data", eligible).status == 1


def test_a_round_may_come_in_a_file(command: Command, eligible: Path, tmp_path: Path, drand: list[int]) -> None:
    """Fetched elsewhere: another round and a made-up one are refused, the announced one decides; secrets are not what
    this draw waits for."""
    where = ("--data", eligible, "--as", "amy")
    with time_machine.travel(AFTER, tick=False):
        number = command("draw", "commit", "--json", *where).objects[0]["round"]
    made_up = hashlib.sha384(b"any").digest()
    told = {
        "other": msgspec.to_builtins(NETWORK.beacon(number + 1)),
        "renamed": msgspec.to_builtins(NETWORK.beacon(number + 1)) | {"round": number},
        "made-up": {"round": number, "randomness": hashlib.sha256(made_up).hexdigest(), "signature": made_up.hex()},
        "broken": [],
        "right": msgspec.to_builtins(NETWORK.beacon(number)),
    }
    for name, said in told.items():
        (tmp_path / name).write_text(json.dumps(said))
    with time_machine.travel(LATER, tick=False):
        for name in ("other", "renamed", "made-up", "broken", "none"):
            assert command("draw", "hold", "--beacon", tmp_path / name, *where).status == 1, name
        assert command("draw", "hold", "--reveal", "a=b", *where).status == 1
        assert command("draw", "hold", "--beacon", tmp_path / "right", *where).status == 0


def test_without_drand_every_party_must_reveal(command: Command, eligible: Path, tmp_path: Path) -> None:
    """Two parties promise, one reveals: no draw; both reveal: the bundle verifies."""
    made = {name: command("draw", "secret", name, "--json").objects[0] for name in ("gate", "club")}
    promises = [f"--party={name}={m['promise']}" for name, m in made.items()]
    reveals = [f"--reveal={name}={m['secret']}" for name, m in made.items()]
    where = ("--data", eligible, "--as", "amy")
    with time_machine.travel(AFTER, tick=False):
        assert command("draw", "commit", promises[0], *where).status == 1
        assert command("draw", "commit", *promises, "--at", "2025-07-27T12:30:00", *where).status == 1
        assert command("draw", "commit", *promises, *where).status == 0
    with time_machine.travel(LATER, tick=False):
        missing = command("draw", "hold", reveals[0], *where)
        assert missing.status == 1
        assert "club" in missing.err
        assert command("draw", "hold", *reveals, "-o", tmp_path / "out", *where).status == 0
    assert len(check(tmp_path / "out")[0]) == 3


def test_nobody_is_drawn_while_posts_wait(command: Command, judged: Path) -> None:
    """Undecided posts, an open campaign, or nobody eligible: nothing is committed."""
    where = ("--data", judged, "--as", "amy")
    with time_machine.travel(AFTER, tick=False):
        assert "wait for a person" in command("draw", "commit", *where).err
        assert "nobody is eligible" in command("draw", "commit", "--leave-out", "waiting", *where).err
    with time_machine.travel(AFTER - dt.timedelta(days=5), tick=False):
        assert "runs until" in command("draw", "commit", *where).err


def test_a_forgotten_person_leaves_a_list_that_verifies(
    command: Command, eligible: Path, tmp_path: Path, drand: list[int]
) -> None:
    """After forgetting, nothing leads from the list to the person, and the draw still goes on and verifies."""
    where = ("--data", eligible, "--as", "amy")
    with time_machine.travel(AFTER, tick=False):
        command("draw", "commit", *where)
    assert command("forget", "bob", "--yes", "--data", eligible).status == 0
    with time_machine.travel(LATER, tick=False):
        assert command("draw", "hold", "-o", tmp_path / "out", *where).status == 0
    assert len(check(tmp_path / "out", chain=NETWORK.named)[0]) == 3
    assert command("draw", "receipt", "2", "--data", eligible).status == 1
    store = Store(eligible)
    assert store.log.verify() is None
    store.close()


def test_an_author_reads_times_in_the_campaign_s_zone(command: Command, eligible: Path) -> None:
    """A time without a zone is the campaign's: a later moment is announced as asked."""
    with time_machine.travel(AFTER, tick=False):
        ended = command(
            "draw", "commit", "--at", "2025-07-28T20:00:00", "--json", "--data", eligible, "--as", "amy"
        ).objects[0]
    due = dt.datetime.fromisoformat(ended["due"]) - dt.datetime.fromisoformat("2025-07-28T20:00:00+08:00")
    assert dt.timedelta(0) <= due < dt.timedelta(seconds=3)
    assert AT.endswith("+08:00")


def test_hosts_are_asked_who_they_are(command: Command, drand: list[int]) -> None:
    """A host with other facts and those that are down are named; a draw needs one that is sound."""
    assert [row["ok"] for row in command("draw", "hosts", "--json").objects] == [True] * 3
    Drand.lies = {drand[0]}
    found = command("draw", "hosts")
    assert found.status == 0
    assert "another key, genesis or period" in found.out
    Drand.down = set(drand[1:])
    found = command("draw", "hosts", "--json")
    assert [row["problem"] for row in found.objects][1:] == ["answered 500"] * 2
    assert found.status == 1
