"""Judging at the command line: blind, balanced, and refused where it must be."""

from __future__ import annotations

from pathlib import Path

from bot.store import Store
from tests.integration.commands import Command


def test_judges_score_blind_and_a_ranking_comes_out(command: Command, eligible: Path) -> None:
    """Two judges score all they are given; neither sees an id or an author; the better post leads."""
    for name in ("jo", "kim"):
        assert command("judge", "add", name, "--data", eligible).status == 0
    for name in ("jo", "kim"):
        while (shown := command("judge", "next", "--as", name, "--json", "--data", eligible)).objects:
            sheet = shown.objects[0]
            assert not {"post_id", "author", "nickname"} & sheet.keys()
            assert "nick" not in shown.out
            assert all(Path(path).is_file() for path in sheet["media"])
            mark = 9 if sheet["text"].endswith(" 3") else 4
            marks = [f"{criterion}={mark}" for criterion in sheet["rubric"]]
            assert command("judge", "score", sheet["code"], *marks, "--as", name, "--data", eligible).status == 0
    found = command("judge", "ranking", "--json", "--data", eligible).objects
    assert [row["rank"] for row in found] == [1, 2, 3, 4]
    assert (found[0]["post_id"], found[0]["scores"]) == ("3", 2)
    status = command("judge", "status", "--json", "--data", eligible).objects
    assert {row["judge"]: row["scored"] for row in status} == {"jo": 4, "kim": 4}
    assert status[0]["missing_posts"] == 0
    assert "3" in command("judge", "ranking", "--data", eligible).out
    store = Store(eligible)
    assert sum(kind == "judge.marked" for _, _, kind, _ in store.log.of("3")) == 2
    assert store.log.verify() is None
    store.close()


def test_no_judge_meets_their_own_posts(command: Command, eligible: Path) -> None:
    """Neither those of the named account nor those of another account of the same person; nor what they left."""
    command("judge", "add", "jo", "--account", "ann", "--data", eligible)
    seen = []
    while (shown := command("judge", "next", "--as", "jo", "--json", "--data", eligible)).objects:
        seen.append(shown.objects[0]["text"][-1])
        assert command("judge", "recuse", shown.objects[0]["code"], "--as", "jo", "--data", eligible).status == 0
    assert sorted(seen) == ["2", "4"]


def test_wrong_marks_are_refused(command: Command, eligible: Path) -> None:
    """A stranger, a missing or unknown criterion, a mark out of range, an unknown code: nothing is recorded."""
    assert command("judge", "next", "--as", "jo", "--data", eligible).status == 1
    command("judge", "add", "jo", "--data", eligible)
    code = command("judge", "next", "--as", "jo", "--json", "--data", eligible).objects[0]["code"]
    good = ["creativity=1", "quality=1", "engagement=1"]
    for marks in (good[:2], [*good, "charm=1"], [*good[:2], "engagement=11"]):
        assert command("judge", "score", code, *marks, "--as", "jo", "--data", eligible).status == 1
    for marks in ([*good, "quality=2"], [*good[:2], "engagement=x"], ["creativity"]):
        assert command("judge", "score", code, *marks, "--as", "jo", "--data", eligible).status == 2
    assert command("judge", "score", "0000000000", *good, "--as", "jo", "--data", eligible).status == 1
    assert command("judge", "score", code, *good, "--as", "kim", "--data", eligible).status == 1
    assert command("judge", "ranking", "--json", "--data", eligible).objects == []


def test_marks_by_another_rubric_count_no_more(command: Command, eligible: Path, tmp_path: Path) -> None:
    """Where a criterion was renamed, added or taken away meanwhile, the judge is asked again, and nothing breaks."""
    campaign = tmp_path / "c.toml"
    rest = '[campaign]\nname = "my-gate-moment"\nhashtags = ["x"]\n[awards]\npanel = 1\n[[prizes]]\ntier = "a"\n'
    rest += 'count = 1\nmethod = "judged"\ngoods = "g"\n[rubric]\n'
    where = ("--as", "jo", "--campaign", campaign, "--data", eligible)
    campaign.write_text(f"{rest}q = 60\nr = 40\n")
    assert command("judge", "add", "jo", *where[2:]).status == 0
    codes = set()
    for rubric, marks in (
        ("q = 60\nr = 40", ("q=5", "r=6")),
        ("q = 60\nz = 40", ("q=5", "z=6")),
        ("q = 100", ("q=5",)),
    ):
        campaign.write_text(rest + rubric)
        assert command("judge", "ranking", "--json", *where[2:]).objects == []
        assert command("judge", "status", "--json", *where[2:]).objects[0]["scored"] == 0
        codes.add(command("judge", "next", "--json", *where).objects[0]["code"])
        assert command("judge", "score", max(codes), *marks, *where).status == 0
        assert len(command("judge", "ranking", "--json", *where[2:]).objects) == 1
    assert len(codes) == 1
    assert command("winners", "propose", *where[2:]).status == 0
