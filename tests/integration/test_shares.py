"""A questionnaire into a store: joined or told why not; contested posts on X; the moment; forgetting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from benchmarks.questionnaire import NOW, Plan, campaign, disagreements, filled, planned, written
from bot.awards.problems import PROBLEMS
from bot.awards.shares import Imported, drop, fix_moment, import_questionnaire, moment_of, settle
from bot.errors import UserError
from bot.operations.forget import forget
from bot.store import Store
from bot.store.blobs import Blobs

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "data")
    yield opened
    opened.close()


def imported(store: Store, text: str, encoding: str = "utf-8-sig", **named: str) -> Imported:
    return import_questionnaire(store, campaign(), text.encode(encoding), named, "ana", NOW)


def test_every_row_is_joined_or_told_with_its_reason(store: Store) -> None:
    """2,000 rows, half of them wrong in more than 20 ways: each comes out as meant, and none is guessed or lost."""
    plan = planned(2000)
    text, meant = written(plan)
    filled(store, plan)
    came = imported(store, text)
    assert disagreements(came, meant) == []
    assert came.rows == len(meant) >= 2000
    assert came.joined + came.wrong == came.rows
    codes = {code for code in meant.values() if code}
    assert len(codes) >= 20
    assert 0.4 < came.wrong / came.rows < 0.6
    entered = store.shares.entered()
    assert sum(share.state == "joined" for share in entered) == came.joined
    assert {p.code for p in store.shares.problems(came.id)} == codes


def test_each_problem_of_an_answer_has_words() -> None:
    """In both languages, and none says the same as another of its kind."""
    for code, words in PROBLEMS.items():
        assert words.en and words.zh and words.en.isascii() and not words.zh.isascii(), code


def test_gb18030_comes_to_the_same(tmp_path: Path) -> None:
    """The encoding makes no difference to what is joined."""
    plan = planned(120)
    text, _ = written(plan)
    outcomes = []
    for encoding in ("utf-8", "gb18030"):
        store = Store(tmp_path / encoding)
        filled(store, plan)
        came = imported(store, text, encoding)
        outcomes.append((came.joined, [(p.line, p.code) for p in came.problems], store.shares.entered()))
        store.close()
    assert outcomes[0] == outcomes[1]


def test_the_same_file_again_changes_nothing(store: Store) -> None:
    """What was joined is known again, what was wrong is told again, and nothing stands twice."""
    plan = planned(200)
    text, meant = written(plan)
    filled(store, plan)
    first = imported(store, text)
    before = store.shares.entered()
    second = imported(store, text)
    assert store.shares.entered() == before
    assert second.joined == 0
    assert second.again == first.joined + sum(code == "x.contested" for code in meant.values())
    assert {p.line for p in second.problems} <= {p.line for p in first.problems}
    assert second.again + second.wrong == second.rows == first.rows


def test_a_later_file_adds_what_has_come_to_be_known(store: Store) -> None:
    """A post that waited for its verdict is joined by the next import of the same file; lines and file are kept."""
    plan = Plan(1)
    good, waits = plan.post(), plan.post(None)
    plan.add(None, plan.row(good, plan.x()))
    plan.add("post.waiting", plan.row(waits, plan.x()))
    text, _ = written(plan)
    filled(store, plan)
    assert [(p.line, p.code) for p in imported(store, text).problems] == [(3, "post.waiting")]
    plan.posts[1] = waits._replace(status="eligible")
    filled(store, plan)
    second = imported(store, text)
    assert (second.joined, second.again, second.problems) == (1, 1, ())
    assert [(s.import_id, s.line) for s in store.shares.entered()] == [(1, 2), (2, 3)]


def test_whoever_comes_later_contests_also_what_was_joined_before(store: Store) -> None:
    """Two people, one post on X, two files: nobody has it until a person settles it, and then it stays settled."""
    plan = Plan(2)
    honest, thief, x = plan.post(), plan.post(), plan.x()
    filled(store, plan)
    header = "UID,帖子链接,X链接\n"
    rows = [f"{p.author},https://gate.com/post/status/{p.id},https://x.com/a/status/{x}\n" for p in (honest, thief)]
    assert imported(store, header + rows[0]).joined == 1
    second = imported(store, header + rows[1])
    assert [(p.code, p.line) for p in second.problems] == [("x.contested", 2)]
    assert {s.post_id: s.state for s in store.shares.entered()} == {honest.id: "contested", thief.id: "contested"}
    assert settle(store, honest.id, "ana", NOW).state == "settled"
    assert {s.post_id: s.state for s in store.shares.entered()} == {honest.id: "settled", thief.id: "dropped"}
    third = imported(store, header + rows[1] + rows[0])
    assert (third.joined, third.again, third.problems) == (0, 2, ())
    assert {s.post_id: s.state for s in store.shares.entered()} == {honest.id: "settled", thief.id: "dropped"}
    another = plan.post()
    filled(store, plan)
    row = f"{another.author},https://gate.com/post/status/{another.id},https://x.com/a/status/{x}\n"
    assert [p.code for p in imported(store, header + row).problems] == ["x.contested"]
    assert another.id not in {s.post_id for s in store.shares.entered()}


def test_one_person_with_two_accounts_contests_nothing(store: Store) -> None:
    """The verified person is the unit: their second account answers for the first, and repeats itself."""
    plan = Plan(3)
    first, second, x = plan.post(), plan.post(), plan.x()
    filled(store, plan)
    with store.transaction():
        for account in (first.author, second.author):
            store.connection.run("INSERT INTO accounts VALUES (?, 'p1')", (account,))
    header = "UID,帖子链接,X链接\n"
    rows = [
        f"{second.author},https://gate.com/post/status/{p.id},https://x.com/a/status/{x}\n" for p in (first, second)
    ]
    came = imported(store, header + "".join(rows))
    assert came.joined == 1
    assert [(p.line, p.code, p.told) for p in came.problems] == [(3, "twice.x", first.id)]


def test_what_a_person_dropped_stays_dropped(store: Store) -> None:
    """Until it is settled again."""
    plan = Plan(4)
    post = plan.post()
    plan.add(None, plan.row(post, plan.x()))
    text, _ = written(plan)
    filled(store, plan)
    imported(store, text)
    assert drop(store, post.id, "ana", NOW).state == "dropped"
    assert imported(store, text).again == 1
    assert [s.state for s in store.shares.entered()] == ["dropped"]
    assert settle(store, post.id, "ana", NOW).state == "settled"
    with pytest.raises(UserError, match="no share of post 404"):
        drop(store, "404", "ana", NOW)


def test_named_columns_are_saved(store: Store) -> None:
    """The next file of that form needs no --map; one with known names does not mind it."""
    plan = Plan(5)
    one, two, three = plan.post(), plan.post(), plan.post()
    filled(store, plan)

    def line(post_id: str, author: str | None) -> str:
        return f"{author},https://gate.com/post/status/{post_id},https://x.com/a/status/{plan.x()}\n"

    assert imported(store, "甲,乙,丙\n" + line(one.id, one.author), author="甲", post="乙", x="丙").joined == 1
    assert imported(store, "甲,乙,丙\n" + line(two.id, two.author)).joined == 1
    assert imported(store, "UID,帖子链接,X链接\n" + line(three.id, three.author)).joined == 1


def test_a_column_named_by_number_is_known_by_its_header_too(store: Store) -> None:
    """It is taken again in a file of that form, and not in one where another column stands in its place."""
    plan = Plan(6)
    posts = [plan.post() for _ in range(3)]
    filled(store, plan)
    cells = [(p.author, f"https://gate.com/post/status/{p.id}", f"https://x.com/a/status/{plan.x()}") for p in posts]
    twice = "UID,帖子链接,帖子链接,X链接\n{0},{1},不知道,{2}\n"
    assert imported(store, twice.format(*cells[0]), post="#2").joined == 1
    assert imported(store, "X链接,UID,帖子链接\n{2},{0},{1}\n".format(*cells[1])).joined == 1
    assert imported(store, twice.format(*cells[2])).joined == 1
    with pytest.raises(UserError, match="cannot both be column #2"):
        imported(store, twice.format(*cells[2]), x="#2")


def test_a_failed_import_leaves_nothing(store: Store) -> None:
    """Neither an import nor a saved column nor an event."""
    with pytest.raises(UserError, match="no column is known as post"):
        imported(store, "甲,乙\n1,2\n", author="甲")
    assert store.shares.imports() == () and store.shares.columns() == {}
    assert store.log.of("shares") == []


def test_each_import_is_an_event_without_names(store: Store) -> None:
    """Counts and the file's hash, sealed; no account, link or number of a post on X."""
    plan = planned(100)
    text, _ = written(plan)
    filled(store, plan)
    came = imported(store, text)
    ((_, _, kind, payload),) = store.log.of("shares")
    fact = msgspec.json.decode(payload)
    assert kind == "shares.imported"
    assert (fact["rows"], fact["joined"], fact["who"]) == (came.rows, came.joined, "ana")
    assert sum(fact["problems"].values()) == len(came.problems)
    assert store.log.verify() is None
    assert not any(share.x_id in payload or share.author_id in payload for share in store.shares.entered())


def test_the_moment_is_fixed_once_and_beforehand(store: Store) -> None:
    """Not in the past, not before the end, not twice, and not against the campaign file."""
    rules = campaign()
    assert rules.ends is not None
    with pytest.raises(UserError, match="must lie ahead"):
        fix_moment(store, rules, NOW, "ana", NOW)
    with pytest.raises(UserError, match="before the campaign's end"):
        fix_moment(store, rules, rules.ends - HOUR, "ana", rules.ends - 2 * HOUR)
    assert fix_moment(store, rules, NOW + HOUR, "ana", NOW).at == NOW + HOUR
    with pytest.raises(UserError, match="was fixed on"):
        fix_moment(store, rules, NOW + 2 * HOUR, "ana", NOW)
    other = msgspec.structs.replace(rules, awards=msgspec.structs.replace(rules.awards, moment=NOW + 2 * HOUR))
    with store.transaction(), pytest.raises(UserError, match="was fixed before and stays"):
        moment_of(store, other, "ana", NOW)
    kinds = [kind for _, _, kind, _ in store.log.of("shares")]
    assert kinds == ["shares.moment"]


def test_an_import_puts_the_campaign_files_moment_on_record(store: Store) -> None:
    """Long before it is measured, so that everybody can see that it was fixed beforehand."""
    rules = campaign()
    given = msgspec.structs.replace(rules, awards=msgspec.structs.replace(rules.awards, moment=NOW + HOUR))
    import_questionnaire(store, given, b"uid,post,x\n", {}, "ana", NOW)
    fixed = store.shares.moment(given.name)
    assert fixed is not None and (fixed.at, fixed.fixed_at) == (NOW + HOUR, NOW)


def test_the_campaign_files_moment_is_recorded_when_first_used(store: Store) -> None:
    """From then on the file cannot change it; the log says when it was recorded."""
    rules = campaign()
    given = msgspec.structs.replace(rules, awards=msgspec.structs.replace(rules.awards, moment=NOW + HOUR))
    with pytest.raises(UserError, match="the campaign file fixes the moment"):
        fix_moment(store, given, NOW + 2 * HOUR, "ana", NOW)
    with store.transaction():
        assert moment_of(store, rules, "ana", NOW) is None
        fixed = moment_of(store, given, "ana", NOW)
    assert fixed is not None and (fixed.at, fixed.fixed_at) == (NOW + HOUR, NOW)
    with store.transaction():
        assert moment_of(store, rules, "bob", NOW + 2 * HOUR) == fixed


def test_forgetting_an_author_takes_their_answers_along(store: Store, tmp_path: Path) -> None:
    """Shares, counts and what was told of their lines, also of broken ones; the log still verifies."""
    plan = Plan(6)
    post, other = plan.post(), plan.post()
    plan.add(None, plan.row(post, plan.x()))
    plan.add("x.no_link", plan.row(post, "", x=""))
    row = plan.row(post, plan.x())
    plan.add("row.quotes", row._replace(raw=f'9,{row.author},"{row.post}'))
    plan.add(None, plan.row(other, plan.x()))
    text, _ = written(plan)
    filled(store, plan)
    came = imported(store, text)
    assert (came.joined, came.wrong) == (2, 2)
    assert post.author is not None
    forget(store, Blobs(tmp_path / "media"), post.author, NOW)
    assert [s.post_id for s in store.shares.entered()] == [other.id]
    assert store.shares.problems(came.id) == ()
    assert store.log.verify() is None
