"""What is published of winners: safe, masked, and proved by a program that needs nothing of ours."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import hashlib
import io
import json
import random
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.draw import NETWORK
from bot.awards import drawing
from bot.awards.randomness import drand_round
from bot.awards.release import owner, release, write
from bot.awards.winners import Awarding
from bot.campaign import load_campaign
from bot.store import Store
from bot.store.times import to_us
from tests.integration.award_store import COUNT, MOMENT, NOW, fill, frozen, published, scored, shared, verify
from tests.integration.commands import Command

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
    assert {row[9] for row in rows[1:]} == {"创意大奖", "共创纪念奖", "参与奖", "分享奖"}
    counted = {r[0]: r[1:] for r in csv.reader(io.StringIO((public / "statistics.csv").read_text("utf-8-sig")))}
    assert (counted["name"], counted["awards"]) == (["label", "label_zh", "count"], ["Prizes given", "发放奖品", "73"])
    data = json.loads((public / "winners.json").read_text())
    assert {tier["name"]["zh"] for tier in data["tiers"]} == {row[9] for row in rows[1:]}
    everything = "".join(path.read_text("utf-8") for path in public.glob("winners.*"))
    assert ("satoshi" in everything) == (names == "full")
    assert ("s***i" in everything) == (names == "masked")
    assert not any(f"{kind}{number}" in everything.split() for kind in "ap" for number in range(COUNT))
    assert {w["by"]["zh"][:2] for w in data["winners"]} == {"评分", "抽签", "X "}
    sheet = list(csv.reader(io.StringIO((public.parent / "delivery" / "delivery.csv").read_text("utf-8-sig"))))
    assert sheet[0] == ["tier", "place", "post_id", "author_id", "person", "form", "prize", "prize_zh"]
    assert len(sheet) == 74
    assert {row[4] for row in sheet[1:]} == {""}, "an account is enough to write to"
    assert {row[5] for row in sheet[1:]} == {"goods", "voucher"}
    assert all((row[7] == "$20 合约体验券") == (row[5] == "voucher") for row in sheet if row[0] == "participation")
    assert data["statistics"]["awards"] == 73
    assert data["statistics"]["drawn"] == COUNT - COUNT // 15 + 1 - (COUNT % 15 == 1)
    evidence = "".join(p.read_text() for p in (public.parent / "evidence").rglob("*.json"))
    assert not any(f'"{word}"' in evidence for word in ("satoshi", "张三丰", "a5", "p5", "amy", "jo"))


def test_a_draw_by_another_network_verifies_where_it_is_named(tmp_path: Path) -> None:
    """The evidence of a draw by a network that is not quicknet is refused, unless its reader names that network."""
    store, campaign, count = fill(tmp_path, 75), load_campaign(), 75
    scored(store, count)
    shared(store, count)
    with contextlib.closing(store), store.transaction():
        source = drand_round(NETWORK.chain, MOMENT, None)
        drawing.commit(store, campaign, source, (), "amy", MOMENT)
        drawing.hold(store, campaign.name, NETWORK.beacon(source.round), "amy", source.due)
        awarding = Awarding(store, campaign, NOW)
        awarding.tick([award.post_id for tier in awarding.proposal().tiers for award in tier.awards], "person", "amy")
        write(tmp_path / "out", release(store, campaign, awarding.freeze("amy"), "masked")[0])
    folder = tmp_path / "out" / "evidence"
    problems = runpy.run_path(str(folder / "verify_winners.py"))["problems"]
    assert problems(folder) == ["draw/NOT VALID: commitment.json: another chain"]
    assert problems(folder, chain=NETWORK.named) == []
    assert verify(tmp_path / "out", "--chain", NETWORK.named).returncode == 0


def test_whoever_has_no_account_is_delivered_to_as_a_person(tmp_path: Path) -> None:
    """A post that the public search alone showed names no account: the sheet then has whom a moderator confirmed."""
    store, campaign = fill(tmp_path, 1), load_campaign()
    with contextlib.closing(store), store.transaction():
        verdict = store.verdicts.all()[0].verdict
        store.verdicts.record(msgspec.structs.replace(verdict, revision=2), None, 0, (), to_us(NOW))
        Awarding(store, campaign, NOW).confirm("1001", "p-77", "CN", "amy")
        assert owner(store, "1001") == (None, "p-77")


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
