"""Several judges at one post at the same moment: the panel bounds what is kept of it."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import closing
from pathlib import Path

import pytest
import time_machine

from bot.awards.judging import KEPT
from bot.awards.panel import Panel
from bot.campaign import load_campaign
from bot.errors import UserError
from bot.store import Store
from bot.store.judging import Judging
from tests.integration.award_store import POSTED, fill
from tests.integration.commands import Command

CAMPAIGN = load_campaign()
JUDGES = ("ann", "bob", "cat", "dan")
MARKS = dict.fromkeys(CAMPAIGN.rubric, 5)
GOOD = [f"{name}=5" for name in CAMPAIGN.rubric]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One post, four judges, a panel of two."""
    assert CAMPAIGN.awards.panel == 2
    store = fill(tmp_path, 1)
    with closing(store), store.transaction():
        for judge in JUDGES:
            Panel(store, CAMPAIGN).add(judge, None, POSTED)
    return tmp_path


def together(act: dict[str, threading.Thread]) -> None:
    for thread in act.values():
        thread.start()
    for thread in act.values():
        thread.join()


def test_four_judges_at_once_give_two_scores(data: Path) -> None:
    """All ask at the same moment, then all score at the same moment, whatever they were handed: two are handed the
    post, and exactly these two scores are kept."""
    gate = threading.Barrier(len(JUDGES))
    handed: dict[str, bool] = {}
    taken: dict[str, bool] = {}

    def judge(name: str) -> None:
        with closing(Store(data)) as store:
            gate.wait()
            with store.transaction():
                handed[name] = Panel(store, CAMPAIGN).next(name, POSTED) is not None
            gate.wait()
            panel = Panel(store, CAMPAIGN)
            code = panel.code(store.verdicts.all(("eligible",))[0], name)
            try:
                with store.transaction():
                    Panel(store, CAMPAIGN).score(code, MARKS, name, POSTED)
                taken[name] = True
            except UserError:
                taken[name] = False

    together({name: threading.Thread(target=judge, args=(name,)) for name in JUDGES})
    assert sum(handed.values()) == 2
    assert taken == handed
    with closing(Store(data)) as store:
        given = Judging(store.connection, store.log, CAMPAIGN.name).marks()
    assert {marked.judge for marked in given} == {name for name, was in handed.items() if was}


def test_who_dawdles_is_overtaken(command: Command, data: Path) -> None:
    """A third judge is told that others are at it; a quarter of an hour later the post is theirs, and the judge who
    let it lie is refused, but not the one who asked for it again."""

    def at(minutes: float, *words: str) -> tuple[int, str]:
        with time_machine.travel(POSTED + dt.timedelta(minutes=minutes), tick=False):
            ended = command("judge", *words, "--data", data)
            return ended.status, ended.out + ended.err

    status, shown = at(0, "next", "--as", "ann")
    code = shown.split()[1]
    assert (status, at(0, "next", "--as", "bob")[1].split()[1]) == (0, code)
    assert at(1, "next", "--as", "cat") == (
        0,
        "Other judges have the rest before them just now: ask again in a while.\n",
    )
    assert at(1, "score", code, *GOOD, "--as", "cat")[0] == 1
    assert at(10, "next", "--as", "bob")[1].split()[1] == code
    late = KEPT.total_seconds() / 60 + 1
    assert at(late, "next", "--as", "cat")[1].split()[1] == code
    assert at(late, "score", code, *GOOD, "--as", "ann")[0] == 1
    assert at(late, "score", code, *GOOD, "--as", "bob")[0] == 0
    assert at(late, "score", code, *GOOD, "--as", "cat")[0] == 0
    assert at(late, "score", code, *GOOD, "--as", "bob")[0] == 0, "who has scored may change their marks"
    assert at(late, "next", "--as", "ann")[1] == "Nothing is left for you to score. Thank you.\n"
    assert at(late, "recuse", code, "--as", "ann")[0] == 0


def test_one_act_makes_a_judge(command: Command, data: Path) -> None:
    """Either command is enough: with ``judge add`` one can log in to the page, with the role one can score."""
    made = command("judge", "add", "eve", "--json", "--data", data).objects[0]
    assert made["new"] and len(made["token"]) > 30
    again = command("judge", "add", "eve", "--account", "a1", "--json", "--data", data).objects[0]
    assert (again["new"], again["token"], again["account"]) == (False, None, "a1")
    assert made["token"] not in command("moderators", "list", "--json", "--data", data).out
    assert {"name": "eve", "role": "judge"}.items() <= command("moderators", "list", "--json", "--data", data).objects[
        0
    ].items()
    assert command("moderators", "add", "fay", "--role", "judge", "--data", data).status == 0
    code = command("judge", "next", "--as", "fay", "--json", "--data", data).objects[0]["code"]
    assert command("judge", "score", code, *GOOD, "--as", "fay", "--data", data).status == 0
    assert command("judge", "next", "--as", "gus", "--data", data).status == 1
    command("moderators", "add", "gus", "--role", "lead", "--data", data)
    assert command("judge", "next", "--as", "gus", "--data", data).status == 1
    told = command("judge", "add", "gus", "--data", data)
    assert (told.status, told.out) == (0, "gus is a judge\n")
    assert "cannot judge there" in told.err
