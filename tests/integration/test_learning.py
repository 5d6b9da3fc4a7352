"""Learning from decisions as they are stored: who counts for which signal, the command, and the order that teaches."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from bot.decide import priority
from bot.model import Finding, Verdict
from bot.review.advice import Budget
from bot.review.filters import Filter
from bot.review.learning import SIGNALS, learn, samples
from bot.review.second import Policy
from bot.store import Store
from bot.store.times import to_us
from tests.integration.commands import Command
from tests.integration.desks import CAMPAIGN, START, Clock, desks, ids
from tests.integration.judged import Square


def unsure(store: Store, post_id: str, score: float, *more: str) -> None:
    """A post that waits because of this score (and of more)."""
    findings = [Finding(code="brand.unsure", stance="ask", detail={"score": score}, media=0)]
    findings += [Finding(code=code, stance="ask") for code in more]
    verdict = Verdict(
        post_id=post_id, revision=1, status="review", findings=tuple(findings), campaign="c", campaign_version="v"
    )
    with store.transaction():
        store.verdicts.record(verdict, "u", priority(verdict), (), to_us(START))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Six hundred posts that hung on their score, decided by where it lay; forty-one wait."""
    store, dice = Store(tmp_path), random.Random(5)
    [amy] = desks(store, Clock(), "amy")
    with store.transaction():
        for number in range(600):
            score = dice.random() * 0.8
            unsure(store, str(number), score)
            if score + dice.gauss(0, 0.05) > 0.5:
                amy.approve(amy.claim(str(number)))
            else:
                amy.reject(amy.claim(str(number)), "brand.absent")
        for number in range(41):
            unsure(store, f"w{number:02}", number / 50)
    return store


def test_only_a_word_about_the_signal_counts(store: Store) -> None:
    """What hung on two things, was rejected for another reason, undone or reopened, teaches nothing about a score."""
    [amy] = desks(store, Clock(), "amy")
    before = len(samples(store)["brand"])
    unsure(store, "two", 0.3, "content.link")
    amy.approve(amy.claim("two"))
    amy.reject(amy.claim("w01"), "content.offtopic")
    amy.approve(amy.claim("w02"))
    amy.undo()
    amy.reopen("3", "the author wrote")
    assert len(samples(store)["brand"]) == before - 1
    amy.approve(amy.claim("w40"))
    assert (0.8, True, False) in samples(store)["brand"]


def test_what_two_people_decided_teaches_alone(tmp_path: Path) -> None:
    """One who slips in one of twenty cases makes any threshold look wrong; a second opinion on each, and a third where
    they disagree, let the advice go further, and it says what it was learnt from."""
    queue = {}
    for share in (0.0, 1.0):
        store, dice = Store(tmp_path / str(share)), random.Random(6)
        amy, bo, lea = desks(store, Clock(), "amy", "bo", "lea", policy=Policy(second_share=share))
        with store.transaction():
            for number in map(str, range(500)):
                score, slip = dice.random() * 0.8, dice.random() < 0.05
                good = score > 0.5
                unsure(store, number, score)
                for desk, said in ((amy, good != slip), (bo, good), (lea, good))[: 1 + int(share) * (1 + slip)]:
                    claim = desk.claim(number)
                    if said:
                        desk.approve(claim)
                    else:
                        desk.reject(claim, "brand.absent")
        told = next(t for t in learn(store, CAMPAIGN, Budget(missed=0.002, wronged=0.005)) if t.signal.name == "brand")
        assert (told.decisions, told.twice, told.advice is None) == (500, share == 1.0, False)
        assert told.advice is not None
        queue[share] = told.advice.queue.value
    assert queue[1.0] > queue[0.0] + 0.3


def test_advice_from_what_is_stored(store: Store, command: Command) -> None:
    """The stored decisions give the band they were made by; the command tells it in both forms; nothing changes."""
    before = store.connection.rows("SELECT * FROM posts ORDER BY id")
    told = {t.signal.name: t for t in learn(store, CAMPAIGN, Budget(missed=0.01, wronged=0.01))}
    found = told["brand"].advice
    assert found is not None
    assert (found.now.low, found.now.high) == (0.0, CAMPAIGN.brand.accept)
    assert 0.2 < found.then.low < 0.5 < found.then.high < 0.75
    assert told["stories"].advice is None
    said = command("advice", "--missed", "0.01", "--wronged", "0.01", "--data", store.directory)
    assert "review band 0.00-0.80 -> " in said.out
    assert '"brand.absent" = "block"' in said.out
    rows = command("advice", "--json", "--data", store.directory).objects
    assert [row["signal"] for row in rows] == [signal.name for signal in SIGNALS]
    assert store.connection.rows("SELECT * FROM posts ORDER BY id") == before


def test_the_most_informative_come_first_on_request(store: Store) -> None:
    """Near even odds first, what is as good as settled last; without decisions to learn from, the queue's own order."""
    [amy] = desks(store, Clock(), "amy")
    wanted = Filter(order="informative")
    order = ids(amy.waiting(wanted))
    assert {"w24", "w25", "w26"} <= set(order[:8])
    assert order[-1] == "w00"
    assert order.index("w25") < order.index("w33") < order.index("w40")
    assert ids(amy.take(wanted, 2)) == order[:2]


def test_copies_are_read_from_the_graph(tmp_path: Path) -> None:
    """The distance of a near copy, and how alike two stories are, count as the campaign counts them."""
    square = Square(tmp_path)
    square.feed("1", "a", ["1 0"])
    square.feed("2", "b", ["1 1"])
    story = "今天第一次在这里完成交易,心情特别激动,记录一下这个难忘的时刻,谢谢一路陪伴的朋友们"
    square.feed("3", "c", ["2 0"], text=f"#我的Gate时刻# {story}")
    square.feed("4", "d", ["3 0"], text=f"#我的Gate时刻# {story}!")
    square.judge()
    [amy] = desks(square.store, Clock(), "amy")
    for post_id in "24":
        amy.approve(amy.claim(post_id))
    found = samples(square.store)
    assert found["near copies"] == [(8.0, True, False)]
    [(alike, *_)] = found["stories"]
    assert 0 <= alike < 1 - square.campaign.copies.text
    assert msgspec.to_builtins(found["parts"]) == []
