"""From rankings to published winners: what must be settled, what the freeze holds, what the evidence proves."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import hashlib
import io
import json
import random
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from bot.awards.release import release
from bot.awards.winners import Awarding
from bot.campaign import load_campaign
from bot.store import Store
from tests.integration.award_store import NOW, fill, ready
from tests.integration.commands import Command

COUNT = 150


@pytest.fixture(scope="session")
def ranked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 eligible posts, scored, shared and drawn; every fifteenth is a person's second."""
    folder = tmp_path_factory.mktemp("ranked") / "data"
    ready(folder, COUNT)
    return folder


@pytest.fixture
def ranked(ranked_once: Path, tmp_path: Path) -> Path:
    """A data directory of its own; see ``ranked_once``."""
    shutil.copytree(ranked_once, tmp_path / "ranked")
    return tmp_path / "ranked"


@pytest.fixture
def clock() -> Iterator[None]:
    """Two days after the moment at which views count."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="session")
def released_once(ranked_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was published of 73 winners, two of them disqualified after the freeze."""
    folder = tmp_path_factory.mktemp("released")
    shutil.copytree(ranked_once, folder / "data")
    with contextlib.closing(Store(folder / "data")) as store, store.transaction():
        awarding = Awarding(store, load_campaign(), NOW)
        posts = [award.post_id for tier in awarding.proposal().tiers for award in tier.awards]
        awarding.tick(posts, "person", "amy")
        awarding.freeze("amy")
        awarding.disqualify(posts[0], "rule.other", None, "amy", person=False)
        awarding.disqualify(posts[20], "content.stolen", "a note", "amy", person=True)
        files, _ = release(store, load_campaign(), awarding.proposal(), "masked")
    for name, body in files.items():
        (folder / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "out" / name).write_bytes(body)
    return folder / "out"


@pytest.fixture
def released(released_once: Path, tmp_path: Path) -> Path:
    """A copy of its own; see ``released_once``."""
    return shutil.copytree(released_once, tmp_path / "released")


def winning(command: Command, data: Path) -> dict[str, list[str]]:
    """Winners' posts by tier."""
    found: dict[str, list[str]] = {}
    for row in command("winners", "propose", "--json", "--data", data).objects:
        if "tier" in row:
            found.setdefault(row["tier"], []).append(row["post_id"])
    return found


def frozen(command: Command, data: Path) -> dict[str, list[str]]:
    """Tick every winner's post and freeze."""
    found = winning(command, data)
    ticks = [f"--tick={post_id}" for posts in found.values() for post_id in posts]
    assert command("winners", "recheck", *ticks, "--as", "amy", "--data", data).status == 0
    ended = command("winners", "freeze", "--as", "amy", "--data", data)
    assert ended.status == 0, ended.err
    return found


def published(command: Command, data: Path, folder: Path, *more: str) -> Path:
    """Publish into a folder."""
    assert command("winners", "publish", folder, *more, "--as", "amy", "--data", data).status == 0
    return folder


def verify(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The shipped verifier, as a program that sees nothing of ours."""
    program = [sys.executable, "-I", str(folder / "evidence" / "verify_winners.py"), *more]
    return subprocess.run(program, capture_output=True, text=True, check=False, cwd="/")


def test_counts_are_exact_and_nobody_wins_twice(command: Command, ranked: Path, clock: object) -> None:
    """3, 10, 50 and 10 winners; no post and no person twice, though people have several posts."""
    found = winning(command, ranked)
    assert {tier: len(posts) for tier, posts in found.items()} == {
        "creative": 3, "commemorative": 10, "participation": 50, "share": 10,
    }  # fmt: skip
    numbers = [int(post_id) - 1001 for posts in found.values() for post_id in posts]
    people = [n - 1 if n % 15 == 1 and n > 1 else n for n in numbers]
    assert len(set(people)) == 73


def test_nothing_is_frozen_before_all_is_settled(command: Command, ranked: Path, clock: object, tmp_path: Path) -> None:
    """Posts nobody saw lately keep from freezing; a fresh export, a person's tick and a push settle it; publishing
    waits for the freeze, and the freeze happens once."""
    refused = command("winners", "freeze", "--as", "amy", "--data", ranked)
    assert refused.status == 1
    assert "post.unchecked" in refused.err
    assert command("winners", "publish", tmp_path / "out", "--as", "amy", "--data", ranked).status == 1
    posts = [post_id for posts in winning(command, ranked).values() for post_id in posts]
    gone, deleted, *there = posts
    export = tmp_path / "fresh.jsonl"
    lines = [json.dumps({"id": p}) for p in there] + [json.dumps({"id": deleted, "deleted": True})]
    export.write_text("\n".join(lines))
    rows = command("winners", "recheck", "--export", export, "--json", "--as", "amy", "--data", ranked).objects
    assert [row["post_id"] for row in rows if row["gone"]] == [gone, deleted]
    assert {row["how"] for row in rows} == {"export", None}
    assert rows[0]["url"] == f"https://www.gate.com/post/status/{gone}"
    assert command("winners", "disqualify", deleted, "--reason", "post.deleted", "--as", "amy", "--data", ranked).out
    frozen(command, ranked)
    assert command("winners", "freeze", "--as", "amy", "--data", ranked).status == 1
    assert deleted not in [post_id for posts in winning(command, ranked).values() for post_id in posts]


def test_a_late_disqualification_promotes_and_is_logged(command: Command, ranked: Path, clock: object) -> None:
    """After the freeze the next in line moves up, through the tiers; others keep what they have; the log says so."""
    before = frozen(command, ranked)
    gone = before["creative"][0]
    moved = command(
        "winners", "disqualify", gone, "--reason", "content.stolen", "--as", "amy", "--json", "--data", ranked
    ).objects
    after = winning(command, ranked)
    assert after["creative"][:2] == before["creative"][1:]
    assert after["creative"][2] == before["commemorative"][0]
    assert {row["post_id"] for row in moved} >= {gone, before["creative"][1], before["commemorative"][0]}
    assert next(row for row in moved if row["post_id"] == gone)["after"] is None
    assert sum(map(len, after.values())) == 73
    assert command("winners", "reinstate", gone, "--as", "amy", "--data", ranked).status == 1
    assert "to settle" in command("winners", "propose", "--data", ranked).out
    store = Store(ranked)
    assert [kind for _, _, kind, _ in store.log.of(gone)][-1] == "winner.disqualified"
    assert store.log.verify() is None
    store.close()


def test_after_the_freeze_nothing_changes_by_itself(
    command: Command, ranked: Path, clock: object, tmp_path: Path
) -> None:
    """A winner's post that is rejected afterwards stays a winner, and is listed; nothing is published until a person
    has decided."""
    before = frozen(command, ranked)
    loser = before["participation"][7]
    assert command("reject", loser, "--reason", "content.stolen", "--as", "amy", "--data", ranked).status == 0
    assert winning(command, ranked) == before
    rows = command("winners", "propose", "--json", "--data", ranked).objects
    assert [row["post_id"] for row in rows if row.get("problems")] == [loser]
    assert next(row for row in rows if row.get("post_id") == loser)["problems"] == ["post.not_eligible"]
    refused = command("winners", "publish", tmp_path / "out", "--as", "amy", "--data", ranked)
    assert refused.status == 1
    assert f"post.not_eligible ({loser})" in refused.err
    told = command("winners", "propose", "--lang", "zh", "--data", ranked).out
    assert f"winners disqualify {loser}" in told
    assert "参与奖: 50/50" in told
    assert command("judge", "next", "--as", "jo", "--data", ranked).status == 0


def test_two_winners_who_turn_out_to_be_one_person(
    command: Command, ranked: Path, clock: object, tmp_path: Path
) -> None:
    """Confirmed after the freeze: the higher prize stands, the lower place goes to the next, and the evidence of that
    verifies, change and all."""
    before = frozen(command, ranked)
    high, low = before["creative"][1], before["participation"][0]
    store = Store(ranked)
    person = store.intake.person(f"a{int(high) - 1001}")
    store.close()
    moved = command("winners", "confirm", low, "--person", person, "--as", "amy", "--json", "--data", ranked).objects
    assert next(row for row in moved if row["post_id"] == low)["after"] is None
    after = winning(command, ranked)
    assert after["creative"] == before["creative"]
    assert low not in after["participation"]
    assert len(after["participation"]) == 50
    new = (set(after["participation"]) - set(before["participation"])).pop()
    command("winners", "recheck", f"--tick={new}", "--as", "amy", "--data", ranked)
    assert verify(published(command, ranked, tmp_path / "out")).stdout.startswith("valid: 73 winners")


def test_a_forgotten_winner_is_listed_and_replaced(command: Command, ranked: Path, clock: object) -> None:
    """Who asks to be forgotten after the freeze is listed as no longer eligible; a person disqualifies, the next moves
    up; what was frozen still holds, and the log verifies."""
    before = frozen(command, ranked)
    gone = before["share"][0]
    assert command("forget", f"a{int(gone) - 1001}", "--yes", "--data", ranked).status == 0
    rows = command("winners", "propose", "--json", "--data", ranked).objects
    assert "post.not_eligible" in next(row for row in rows if row.get("post_id") == gone)["problems"]
    command("winners", "disqualify", gone, "--reason", "post.deleted", "--as", "amy", "--data", ranked)
    after = winning(command, ranked)
    assert after["share"][:9] == before["share"][1:]
    store = Store(ranked)
    assert store.log.verify() is None
    assert store.connection.rows("SELECT 1 FROM draw_entries WHERE post_id = ?", (gone,)) == []
    store.close()


def test_disqualifying_a_person_takes_all_their_posts(command: Command, ranked: Path, clock: object) -> None:
    """With --person both accounts' posts are out, and reinstating before the freeze brings one back."""
    where = ("--as", "amy", "--data", ranked)
    assert command("winners", "disqualify", "1016", "--reason", "rule.other", "--person", *where).status == 0
    store = Store(ranked)
    gone = {str(row[0]) for row in store.connection.rows("SELECT post_id FROM disqualified")}
    store.close()
    assert gone == {"1016", "1017"}
    assert command("winners", "reinstate", "1016", *where).status == 0
    assert command("winners", "reinstate", "1016", *where).status == 1
    assert command("winners", "disqualify", "99", "--reason", "rule.other", *where).status == 1
    assert command("winners", "disqualify", "1016", "--reason", "no.such", *where).status == 1


def test_who_is_not_known_must_be_confirmed(command: Command, tmp_path: Path, clock: object) -> None:
    """Where no source names persons a moderator says who it is; the same person twice keeps the higher prize only."""
    store = fill(tmp_path / "data", 6, person=False)
    store.close()
    data = tmp_path / "data"
    campaign = tmp_path / "small.toml"
    campaign.write_text(
        '[campaign]\nname = "my-gate-moment"\nends = 2025-07-26T00:00:00+08:00\nhashtags = ["x"]\n[rubric]\nq = 100\n'
        '[awards]\npanel = 1\n[[prizes]]\ntier = "a"\ncount = 1\nmethod = "judged"\ngoods = "g"\nvoucher = 5\n'
        '[[prizes]]\ntier = "b"\ncount = 2\nmethod = "judged"\ngoods = "h"\n'
    )
    where = ("--campaign", campaign, "--data", data)
    assert command("judge", "add", "jo", *where).status == 0
    mark = 10
    while shown := command("judge", "next", "--as", "jo", "--json", *where).objects:
        assert command("judge", "score", shown[0]["code"], f"q={mark}", "--as", "jo", *where).status == 0
        mark -= 1
    rows = [r for r in command("winners", "propose", "--json", *where).objects if "tier" in r]
    assert all("person.unconfirmed" in row["problems"] for row in rows)
    first, second, third = (row["post_id"] for row in rows)
    assert command("winners", "confirm", first, "--as", "amy", *where).status == 1
    for post_id in (first, second):
        assert command("winners", "confirm", post_id, "--person", "same", "--as", "amy", *where).status == 0
    rows = [r for r in command("winners", "propose", "--json", *where).objects if "tier" in r]
    assert [row["post_id"] for row in rows[:2]] == [first, third]
    assert "person.unconfirmed" not in rows[0]["problems"]
    forms = {"US": "voucher", "CN": "goods"}
    for region, form in forms.items():
        assert command("winners", "confirm", first, "--region", region, "--as", "amy", *where).status == 0
        assert command("winners", "propose", "--json", *where).objects[0]["form"] == form
    assert command("winners", "confirm", first, "--region", "usa", "--as", "amy", *where).status == 2


def test_the_evidence_of_73_winners_verifies_by_itself(ranked: Path, released: Path) -> None:
    """The shipped program alone says that every award follows, media included (benchmarks/draw.py times it); a wrong
    digest is refused, and so is another picture."""
    out = released
    digest = json.loads((out / "public" / "winners.json").read_text())["evidence"]
    good = verify(out, "--published", digest, "--media", str(ranked / "media"))
    assert (good.returncode, good.stdout) == (0, "valid: 73 winners, each from award to media\n"), good.stderr
    assert verify(out, "--published", "0" * 64).stderr.startswith("NOT VALID\nmanifest.json: is not the one")
    shas = {path.stem for path in (out / "evidence" / "evidence").iterdir()}
    stored = next(p for p in (ranked / "media").rglob("*") if p.is_file() and p.parent.name + p.name in shas)
    stored.write_bytes(b"another picture")
    assert verify(out, "--media", str(ranked / "media")).stderr.endswith(": changed\n")


def test_any_changed_byte_is_named(released: Path) -> None:
    """In each file of the evidence (of each folder ten) one bit is changed: the program names that file. So it does
    for a file more or less."""
    folder = released / "evidence"
    problems = runpy.run_path(str(folder / "verify_winners.py"))["problems"]
    assert problems(folder) == []
    rng = random.Random(3)
    files = [p for p in sorted(folder.iterdir()) if p.is_file()]
    files += [p for sub in ("draw", "posts", "evidence") for p in sorted((folder / sub).iterdir())[:10]]
    for path in [*files, *[folder / "manifest.json"] * 20]:
        raw = path.read_bytes()
        at = rng.randrange(len(raw))
        path.write_bytes(raw[:at] + bytes([raw[at] ^ (1 << rng.randrange(7))]) + raw[at + 1 :])
        found = problems(folder)
        assert any(path.relative_to(folder).as_posix() in line for line in found), (path, found)
        path.write_bytes(raw)
    extra = folder / "posts" / "999.json"
    extra.write_text("{}")
    assert problems(folder) == ["posts/999.json: not in the manifest"]
    extra.unlink()
    (folder / "judging.json").unlink()
    assert problems(folder) == ["judging.json: missing"]


FORGED: tuple[tuple[str, Callable[[Any], Any], str], ...] = (
    ("judging.json", lambda j: j["marks"][0]["marks"].update(quality=99), "awards.json: the"),
    ("outcome.json", lambda o: o[0]["awards"].reverse(), "outcome.json: the winners do not follow"),
    ("outcome.json", lambda o: o[2]["awards"][0].update(form="both"), "outcome.json: the winners do not follow"),
    ("changes.json", lambda c: c.clear(), "outcome.json: the winners do not follow"),
    ("awards.json", lambda a: a["views"].update({a["rankings"]["views"][0]: 0}), "awards.json: the ranking by views"),
    ("awards.json", lambda a: a["rankings"]["draw"].reverse(), "awards.json: the ranking by draw"),
    ("awards.json", lambda a: a["out"].update({a["rankings"]["judged"][1]: "rule.other"}), "outcome.json: the winners"),
    ("posts/001.json", lambda p: p["verdict"].update(status="review"), "posts/001.json: neither rules nor a person"),
    ("posts/001.json", lambda p: p["verdict"].update(revision=7), "posts/001.json: the verdict is not"),
    ("posts/001.json", lambda p: p["media"][0].update(evidence="0" * 64), "is not the evidence of posts/001"),
    ("posts/073.json", lambda p: p["views"][0].update(views=1), "posts/073.json: the views do not add up"),
    ("draw/salts.json", lambda s: s["salts"].update({next(iter(s["salts"])): "00"}), "draw/salts.json: post"),
    ("draw/result.json", lambda r: r["ranking"].reverse(), "draw/NOT VALID: result.json"),
)


def test_a_forged_part_is_found_even_with_a_new_manifest(released: Path) -> None:
    """Whoever changes one part and makes a manifest that fits is found out by what the parts say of each other."""
    folder = released / "evidence"
    problems = runpy.run_path(str(folder / "verify_winners.py"))["problems"]
    for file, change, named in FORGED:
        before = (folder / file).read_bytes()
        content = json.loads(before)
        change(content)
        (folder / file).write_bytes(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
        listed(folder)
        found = problems(folder)
        assert any(named in line for line in found), (file, found)
        (folder / file).write_bytes(before)
    listed(folder)
    assert problems(folder) == []


def listed(folder: Path) -> None:
    """Make a manifest of what is there."""
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("manifest")
    }
    raw = json.dumps({"files": files}, sort_keys=True, separators=(",", ":")).encode()
    (folder / "manifest.json").write_bytes(raw)
    (folder / "manifest.sha256").write_text(f"{hashlib.sha256(raw).hexdigest()}  manifest.json\n")


@pytest.mark.parametrize("names", ["masked", "full", "hidden"])
def test_what_is_published_is_safe_and_masked(
    command: Command, ranked: Path, clock: object, tmp_path: Path, names: str
) -> None:
    """No markup, formula or control character of a nickname reaches any form; masked and hidden lists show neither
    nickname nor whole post id; no form names an account or a person; the sheet for delivery alone has accounts."""
    frozen(command, ranked)
    public = published(command, ranked, tmp_path / "out", "--names", names) / "public"
    for lang in ("en", "zh"):
        page = (public / f"winners.{lang}.html").read_text()
        assert "<b>bold" not in page
        assert ("&lt;b&gt;bold" in page) == (names == "full")
        text = (public / f"winners.{lang}.md").read_text()
        assert "<b>" not in text
        assert "ann|bob" not in text
        assert text.count("\n| ") > 73
        assert "\u202e" not in page + text
    rows = list(csv.reader(io.StringIO((public / "winners.csv").read_text("utf-8-sig"))))
    assert len(rows) == 74
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    data = json.loads((public / "winners.json").read_text())
    everything = "".join(path.read_text("utf-8") for path in public.glob("winners.*"))
    assert ("satoshi" in everything) == (names == "full")
    assert ("s***i" in everything) == (names == "masked")
    assert not any(f"{kind}{number}" in everything.split() for kind in "ap" for number in range(COUNT))
    assert {w["by"]["zh"][:2] for w in data["winners"]} == {"评分", "抽签", "X "}
    sheet = list(csv.reader(io.StringIO((public.parent / "delivery" / "delivery.csv").read_text("utf-8-sig"))))
    assert sheet[0] == ["tier", "place", "post_id", "author_id", "form", "prize", "prize_zh"]
    assert len(sheet) == 74
    assert {row[4] for row in sheet[1:]} == {"goods", "voucher"}
    assert all((row[6] == "$20 合约体验券") == (row[4] == "voucher") for row in sheet if row[0] == "participation")
    assert data["statistics"]["awards"] == 73
    assert data["statistics"]["drawn"] == COUNT - COUNT // 15 + 1 - (COUNT % 15 == 1)
    evidence = "".join(p.read_text() for p in (public.parent / "evidence").rglob("*.json"))
    assert not any(f'"{word}"' in evidence for word in ("satoshi", "张三丰", "a5", "p5", "amy", "jo"))


def test_publishing_again_needs_a_new_folder(command: Command, ranked: Path, clock: object, tmp_path: Path) -> None:
    """Nothing published before is overwritten; the log holds each digest."""
    frozen(command, ranked)
    out = published(command, ranked, tmp_path / "out")
    assert command("winners", "publish", out, "--as", "amy", "--data", ranked).status == 1
    published(command, ranked, tmp_path / "again")
    store = Store(ranked)
    kinds = [kind for _, _, kind, _ in store.log.of("campaign:my-gate-moment")]
    store.close()
    assert kinds.count("winners.published") == 2
    assert (out / "delivery").stat().st_mode & 0o777 == 0o700
    assert dt.datetime.fromisoformat(json.loads((out / "public" / "winners.json").read_text())["frozen_at"]) == NOW
