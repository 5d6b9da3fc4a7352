"""What every store must keep: the contract that a second kind of database will be held to."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from bot.decide import outcome, seen
from bot.model import Action, Decision, Delivery, Finding, Snapshot, Stats, Status, Verdict
from bot.sources import Batch
from bot.store import Store
from bot.store.connection import wal_is_sound

NOW = dt.datetime(2025, 7, 20, 12, tzinfo=dt.UTC)
AT = 1_753_012_800_000_000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def delivery(text: str = "hello", *, post: str = "1", minutes: int = 0, views: int | None = None) -> Delivery:
    stats = None if views is None else Stats(views=views)
    return Delivery(
        source="gate_square",
        observed_at=NOW + dt.timedelta(minutes=minutes),
        snapshot=Snapshot(id=post, text=text, stats=stats),
    )


def take(store: Store, *deliveries: Delivery, position: str | None = None) -> tuple[str, ...]:
    with store.transaction():
        return store.intake.take("gate_square", Batch(deliveries=deliveries, position=position), NOW)


def verdict(status: Status = "review", *codes: str, post: str = "1", revision: int = 1) -> Verdict:
    findings = tuple(Finding(code=code, stance="ask") for code in codes)
    return Verdict(
        post_id=post, revision=revision, status=status, findings=findings, campaign="c", campaign_version="v"
    )


def decision(action: Action, number: int, *, saw: tuple[str, ...] = (), undoes: str | None = None) -> Decision:
    return Decision(
        id=f"d{number}", post_id="1", revision=1, action=action, code="accepted" if action == "reject" else None,
        note=None, who="ana", at=NOW, saw=saw, undoes=undoes,
    )  # fmt: skip


def test_position_and_posts_stand_or_fall_together(store: Store) -> None:
    """When a batch's transaction fails, neither its posts nor its feed position remain."""
    with pytest.raises(RuntimeError), store.transaction():
        store.intake.take("gate_square", Batch(deliveries=(delivery(),), position="p1"), NOW)
        raise RuntimeError
    assert store.intake.position("gate_square") is None
    assert store.intake.post("1") is None
    assert take(store, delivery(), position="p1") == ("1",)
    assert store.intake.position("gate_square") == "p1"


def test_repetition_is_no_news_but_a_change_is(store: Store) -> None:
    """Delivering a snapshot again asks for no judgement; a new text does; a counter never does, yet is kept over
    time.
    """
    assert take(store, delivery(views=1)) == ("1",)
    assert take(store, delivery(views=5, minutes=1)) == ()
    assert take(store, delivery("other", minutes=2)) == ("1",)
    assert store.intake.stats("1") == Stats(views=5)
    rows = store.connection.rows("SELECT views FROM stats ORDER BY at")
    assert rows == [(1,), (5,)]


def counted(store: Store, source: str, minutes: int, **counts: int) -> None:
    """Deliver counters of post 1, seen so many minutes later."""
    snapshot = Snapshot(id="1", text="text", stats=Stats(**counts))
    at = NOW + dt.timedelta(minutes=minutes)
    with store.transaction():
        news = Delivery(source=source, observed_at=at, snapshot=snapshot)
        store.intake.take(source, Batch(deliveries=(news,)), at)


def test_a_counter_left_out_erases_none(store: Store) -> None:
    """The newest of each counter is kept, whoever told it; a partial report takes nothing away."""
    counted(store, "gate_square", 0, views=10, likes=3)
    counted(store, "push", 1, views=99, shares=1)
    counted(store, "push", 2, views=100)
    assert store.intake.stats("1") == Stats(views=100, likes=3, shares=1)


def test_a_file_fed_again_does_not_turn_counters_back(store: Store) -> None:
    """Yesterday's export fed after today's is a repetition, not news; a live source may well count less than before."""
    counted(store, "jsonl", 0, views=10)
    counted(store, "jsonl", 1, views=20)
    counted(store, "jsonl", 2, views=10)
    assert store.intake.stats("1") == Stats(views=20)
    counted(store, "gate_square", 3, views=30)
    counted(store, "gate_square", 4, views=40)
    counted(store, "gate_square", 5, views=30)
    assert store.intake.stats("1") == Stats(views=30)


@pytest.mark.parametrize("order", [(1, 0), (0, 1)])
def test_counters_of_one_instant_end_in_one_state(store: Store, order: tuple[int, int]) -> None:
    """A backfill gives every line the same time: which came first must not matter."""
    for i in order:
        counted(store, "jsonl", 0, **({"views": 7}, {"views": 5, "likes": 2})[i])
    assert store.intake.stats("1") == Stats(views=7, likes=2)


def test_a_text_put_back_is_a_new_revision(store: Store) -> None:
    """A live source that shows A, then B, then A again ends in A, although A's snapshot was known before."""
    take(store, delivery("A"))
    take(store, delivery("B", minutes=1))
    assert take(store, delivery("A", minutes=2)) == ("1",)
    post = store.intake.post("1")
    assert post is not None
    assert post.text == "A"


def test_a_post_that_ends_the_process_is_met_last_alone_and_with_its_count(store: Store) -> None:
    """Attempts are counted before they are made; suspects come after all others and one at a time."""
    with store.transaction():
        store.work.add(["1", "2", "3"], AT)
        assert [job.post_id for job in store.work.claim(2, AT, 1, idle=True)] == ["1", "2"]
        assert store.work.recover(2) == 2
        assert [job.post_id for job in store.work.claim(9, AT, 2, idle=True)] == ["3"]
        assert store.work.claim(9, AT, 2, idle=False) == []
        suspects = store.work.claim(9, AT, 2, idle=True)
        assert [(job.post_id, job.crashes) for job in suspects] == [("1", 2)]


def test_a_part_that_fails_takes_back_itself_alone(store: Store) -> None:
    """Transactions within one another: what the innermost wrote is gone with it, what stands around it stays."""

    def add(post_id: str) -> None:
        store.work.add([post_id], AT)

    with store.transaction():
        add("before")
        with pytest.raises(ZeroDivisionError), store.connection.transaction():
            add("outer")
            with store.connection.transaction():
                add("kept in what fails")
            with pytest.raises(KeyError), store.connection.transaction():
                add("inner")
                raise KeyError
            assert store.work.open(["outer", "kept in what fails", "inner"]) == 2
            raise ZeroDivisionError
        add("after")
    assert store.work.open() == store.work.open(["before", "after"]) == 2


def test_a_process_that_keeps_being_killed_spends_no_post_s_lives(store: Store) -> None:
    """A suspect is tried once by a process that has just begun, and again only by one that has stood for a while: who
    ends every process within seconds brings no innocent post to a person."""
    with store.transaction():
        store.work.add(["1"], AT)
        for epoch, counted in ((1, 1), (2, 2)):
            [job] = store.work.claim(9, AT, epoch, idle=True, steady=False)
            assert job.crashes == counted
            store.work.recover(epoch + 1)
        assert store.work.claim(9, AT, 3, idle=True, steady=False) == []
        [job] = store.work.claim(9, AT, 3, idle=True)
        assert job.crashes == 3


def test_a_post_that_changed_meanwhile_is_due_again(store: Store) -> None:
    """Finishing an older generation does not take the newer one off the list."""
    with store.transaction():
        store.work.add(["1"], AT)
        [job] = store.work.claim(9, AT, 1, idle=True)
        store.work.add(["1"], AT)
        assert not store.work.done(job, AT)
        [again] = store.work.claim(9, AT, 1, idle=True)
        assert store.work.done(again, AT)
        assert store.work.open() == 0


def test_only_one_process_leads_and_an_epoch_never_returns(store: Store) -> None:
    """A second opener cannot lead; after the first has closed it can, with a greater epoch."""
    assert store.lead(AT) == 1
    other = Store(store.directory)
    assert other.lead(AT) is None
    store.close()
    assert other.lead(AT) == 2


def test_the_same_verdict_is_recorded_once(store: Store) -> None:
    """Judging again with the same result writes nothing: no event, no new time."""
    with store.transaction():
        assert store.verdicts.record(verdict("review", "brand.absent"), "u1", 1, (), AT)
        assert not store.verdicts.record(verdict("review", "brand.absent"), "u1", 1, (), AT + 1)
    assert len(store.log.of("1")) == 1


def test_decisions_undo_and_reopen(store: Store) -> None:
    """A decision stands over the rules, an undo restores what was, and a finding that was not seen reopens."""
    with store.transaction():
        first = verdict("review", "brand.absent")
        store.verdicts.record(first, "u1", 1, (), AT)
        saw = seen(first.findings)
        assert store.verdicts.decide(decision("approve", 1, saw=saw)).status == "eligible"
        assert store.verdicts.queue() == []
        assert store.verdicts.decide(decision("undo", 2, undoes="d1")).status == "review"
        assert store.verdicts.last_of("ana") == ()
        assert store.verdicts.decide(decision("approve", 3, saw=saw)).decided_by == "moderator:ana"
        store.verdicts.record(verdict("review", "brand.absent", "duplicate.near"), "u1", 1, (), AT)
        assert [record.post_id for record in store.verdicts.queue()] == ["1"]


@pytest.mark.parametrize("status", ["eligible", "review"])
def test_an_edit_after_approval_goes_back_to_a_person(status: Status) -> None:
    """An approval is bound to its revision: a new one that is not plainly out waits for a person."""
    approved = decision("approve", 1)
    assert outcome(verdict(status, revision=2), [approved]).status == "review"
    assert outcome(verdict("ineligible", revision=2), [approved]).status == "ineligible"


def test_the_log_shows_any_change(store: Store) -> None:
    """An event altered or dropped after it was sealed is found, and named."""
    for minute in range(3):
        take(store, delivery(str(minute), minutes=minute))
    assert store.log.verify() is None
    store.connection.run("UPDATE events SET at = at + 1 WHERE seq = 2")
    assert "between events 2 and 2" in (store.log.verify() or "")


@pytest.mark.parametrize(
    ("version", "sound"),
    [((3, 40, 1), False), ((3, 44, 6), True), ((3, 45, 0), False), ((3, 50, 7), True), ((3, 51, 3), True)],
)
def test_which_builds_may_use_wal(version: tuple[int, ...], sound: bool) -> None:
    """Builds with the WAL-reset bug are known by version, its back-ported fixes included."""
    assert wal_is_sound(version) is sound
