"""``gatewarden shares`` from the questionnaire to the leaderboard, against a simulated X, as an operator types it."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import time_machine

from benchmarks.questionnaire import NOW, Plan, filled
from bot.awards.problems import PROBLEMS
from bot.clock import SystemClock
from bot.demo.x import Posted, XServer
from bot.store import Store
from tests.integration.commands import Command

TOKEN = "simulated-token"
HEADER = "1、您的UID（必填）,2、Gate广场帖子链接（必填）,3、推特(X)链接（必填）\r\n"
MOMENT = "2025-07-28T12:00:00"


@pytest.fixture
def plan() -> Plan:
    """Six judged posts, of which the last waits for a person."""
    plan = Plan(11)
    for number in range(6):
        plan.post("review" if number == 5 else "eligible")
    return plan


@pytest.fixture
def data(tmp_path: Path, plan: Plan) -> Path:
    store = Store(tmp_path / "data")
    filled(store, plan)
    store.close()
    return tmp_path / "data"


@pytest.fixture
def x_ids(plan: Plan) -> list[str]:
    return [plan.x() for _ in plan.posts]


@pytest.fixture
def sheet(tmp_path: Path, plan: Plan, x_ids: list[str]) -> Path:
    """Six good answers and three wrong ones, the second of them hostile, as Excel saves it in Chinese."""
    rows = [
        f"{post.author},https://www.gate.com/zh/post/status/{post.id},https://x.com/u/status/{x_id}"
        for post, x_id in zip(plan.posts, x_ids, strict=True)
    ]
    rows += ["1,https://www.gate.com/post/status/404,https://x.com/a/status/1946900000000000000"]
    rows += ["2,=cmd|' /C calc'!A0\x1b[2J,https://evil-twitter.com/a/status/1"]
    rows += [rows[0]]
    path = tmp_path / "问卷.csv"
    path.write_bytes((HEADER + "\r\n".join(rows) + "\r\n").encode("gb18030"))
    return path


@contextmanager
def serving(posts: list[Posted]) -> Iterator[XServer]:
    """A simulated X on a thread of its own."""
    server = XServer(posts, SystemClock(), TOKEN)
    ready, over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with server.listening():
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def test_import_lists_every_problem_with_its_line(command: Command, data: Path, sheet: Path) -> None:
    """In words of the language asked for, as a table and as JSON; what is hostile is written out, never printed raw."""
    ended = command("shares", "import", sheet, "--data", data, "--lang", "zh")
    assert ended.status == 0
    assert "9 行：登记 6 条，已有 0 条，有问题 3 行" in ended.out
    assert "gb18030" in ended.err and "推特(X)链接" in ended.err
    assert "\x1b" not in ended.out + ended.err
    assert "系统中没有这篇帖子" in ended.out
    listed = command("shares", "list", "--problems", "--data", data, "--json")
    assert [(row["line"], row["code"]) for row in listed.objects] == [
        (8, "post.unknown"), (9, "post.not_a_link"), (9, "x.other_site"), (10, "twice.same")
    ]  # fmt: skip
    assert [row["message"] for row in listed.objects] == [PROBLEMS[row["code"]].en for row in listed.objects]


def test_import_again_and_strictly(command: Command, data: Path, sheet: Path) -> None:
    """Nothing is doubled; --strict makes a problem a failure, after everything was done."""
    (first,) = command("shares", "import", sheet, "--data", data, "--json").objects
    assert (first["rows"], first["joined"], first["again"], first["wrong"]) == (9, 6, 0, 3)
    assert first["columns"] == dict(
        zip(("post", "x", "author"), [HEADER.strip().split(",")[i] for i in (1, 2, 0)], strict=True)
    )
    ended = command("shares", "import", sheet, "--data", data, "--json", "--strict")
    assert ended.status == 1
    assert (ended.objects[0]["joined"], ended.objects[0]["again"]) == (0, 6)
    shares = command("shares", "list", "--data", data, "--json").objects
    assert [share["line"] for share in shares] == [2, 3, 4, 5, 6, 7]
    assert {share["state"] for share in shares} == {"joined"}
    assert [share["status"] for share in shares].count("review") == 1


def test_a_missing_column_says_what_to_type(command: Command, data: Path, tmp_path: Path) -> None:
    """Exit 2 and one line; with --map it goes, and the next time without."""
    path = tmp_path / "odd.csv"
    path.write_text("甲,帖子链接,X链接\n1,,\n")
    ended = command("shares", "import", path, "--data", data)
    assert ended.status == 2
    assert "--map author=COLUMN" in ended.err and len(ended.err.splitlines()) == 1
    assert command("shares", "import", path, "--data", data, "--map", "author=甲").status == 0
    assert command("shares", "import", path, "--data", data).status == 0
    assert command("shares", "import", path, "--data", data, "--map", "writer=甲").status == 2


def test_from_the_moment_to_the_leaderboard(
    command: Command, data: Path, sheet: Path, plan: Plan, x_ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rehearsal, the moment, the measurement, and a list that is final; the token stands nowhere in the output."""
    fates = [Posted(id=x, pace=10 * (n + 1)) for n, x in enumerate(x_ids)]
    fates[2] = Posted(id=x_ids[2], state="suspended")
    fates[4] = Posted(id=x_ids[4], pace=20)  # as often seen as another, within the hour
    with serving(fates) as server, time_machine.travel(NOW, tick=False) as traveller:
        monkeypatch.setenv("GATEWARDEN_X__HOST", server.url)
        assert command("shares", "import", sheet, "--data", data).status == 0
        ended = command("shares", "measure", "--data", data)
        assert ended.status == 1 and "import-views" in ended.err
        monkeypatch.setenv("GATEWARDEN_X__TOKEN", TOKEN)
        assert "6 of 6 posts asked for: 5 counted, 1 x.protected" in command("shares", "measure", "--data", data).out
        ended = command("shares", "leaderboard", "--data", data)
        assert "provisional: no moment is fixed; 4 places, 2 out" in ended.err
        assert command("shares", "measure", "--wait", "--data", data).status == 1
        assert command("shares", "fix-moment", MOMENT, "--data", data).status == 0
        ended = command("shares", "fix-moment", MOMENT, "--data", data)
        assert ended.status == 1 and "stays" in ended.err
        traveller.move_to(dt.datetime(2025, 7, 28, 4, 5, tzinfo=dt.UTC))
        (came,) = command("shares", "measure", "--wait", "--data", data, "--json").objects
        assert (came["counted"], came["missing"], came["moment"]) == (5, {"x.protected": 1}, f"{MOMENT}+08:00")
        assert came["cost"] == pytest.approx(0.025)
        board = command("shares", "leaderboard", "--data", data, "--json")
        assert [(row["rank"], row["x"].rpartition("/")[2]) for row in board.objects] == [
            (1, x_ids[3]), (2, x_ids[1]), (2, x_ids[4]), (4, x_ids[0])
        ]  # fmt: skip
        assert all(row["final"] for row in board.objects)
        assert [row["tied"] for row in board.objects] == [False, True, True, False]
        out = command("shares", "leaderboard", "--out", "--data", data, "--json").objects
        assert [(row["post_id"], row["code"]) for row in out] == [
            (plan.posts[5].id, "post.review"), (plan.posts[2].id, "x.protected")
        ]  # fmt: skip
        ended = command("shares", "leaderboard", "-n", "2", "--data", data)
        assert [line.split()[0] for line in ended.out.splitlines()] == ["rank", "1", "2="]
        assert "final: views count at" in ended.err
        assert TOKEN not in ended.out + ended.err


def test_views_from_a_file(command: Command, data: Path, sheet: Path, x_ids: list[str], tmp_path: Path) -> None:
    """Where there is no token: each line counted or told why not; two counts of one post are left out, both."""
    views = tmp_path / "views.csv"
    link = "https://x.com/u/status/"
    lines = [f"{link}{x_ids[0]},1200", f'{link}{x_ids[1]},"3,400"', f"{link}{x_ids[2]},1.2万", f"{link}77,5"]
    lines += [f"{link}{x_ids[3]},5", f"{link}{x_ids[3]},6", "https://t.co/abc,5", f"{link}{x_ids[0]},1200"]
    views.write_text("\n".join(["推文链接,浏览量", *lines]) + "\n", encoding="utf-8-sig")
    with time_machine.travel(NOW, tick=False) as traveller:
        command("shares", "import", sheet, "--data", data)
        command("shares", "fix-moment", MOMENT, "--data", data)
        traveller.move_to(dt.datetime(2025, 7, 28, 5, tzinfo=dt.UTC))
        assert command("shares", "import-views", views, "--at", "2025-07-28T13:00:01", "--data", data).status == 1
        at = "2025-07-28T12:10:00"
        (came,) = command("shares", "import-views", views, "--at", at, "--data", data, "--json").objects
        assert (came["rows"], came["joined"], came["again"], came["wrong"]) == (8, 2, 1, 5)
        assert [(p["line"], p["code"]) for p in came["problems"]] == [
            (4, "views.not_a_number"), (5, "views.not_shared"), (6, "views.twice"), (7, "views.twice"),
            (8, "x.short_link"),
        ]  # fmt: skip
        board = command("shares", "leaderboard", "--data", data, "--json").objects
        assert [(row["rank"], row["views"], row["final"]) for row in board] == [(1, 3400, False), (2, 1200, False)]
        traveller.move_to(dt.datetime(2025, 7, 29, tzinfo=dt.UTC))
        board = command("shares", "leaderboard", "--data", data, "--json").objects
        assert [row["final"] for row in board] == [True, True]


def test_a_moment_that_was_not_fixed_beforehand_is_told(
    command: Command, data: Path, sheet: Path, tmp_path: Path
) -> None:
    """A campaign file that names a moment afterwards cannot hide it."""
    from detectors.assets import assets_root

    shipped = (assets_root() / "campaigns" / "my-gate-moment.toml").read_text()
    path = tmp_path / "late.toml"
    path.write_text(shipped.replace("[awards]\n", f"[awards]\nmoment = {MOMENT}\n"))
    with time_machine.travel(dt.datetime(2025, 7, 29, tzinfo=dt.UTC), tick=False):
        assert command("shares", "import", sheet, "--data", data, "--campaign", path).status == 0
        ended = command("shares", "leaderboard", "--data", data, "--campaign", path)
    assert "on record only since 2025-07-29T08:00:00+08:00" in ended.err


def test_a_contested_share_is_settled_by_a_person(
    command: Command, data: Path, plan: Plan, x_ids: list[str], tmp_path: Path
) -> None:
    """Both claims are told, neither counts; "settle" gives it to one, "drop" takes it away, each by a named person."""
    one, two = plan.posts[:2]
    path = tmp_path / "two.csv"
    rows = [f"{p.author},https://gate.com/post/status/{p.id},https://x.com/u/status/{x_ids[0]}" for p in (one, two)]
    path.write_text("uid,post,x\n" + "\n".join(rows))
    (came,) = command("shares", "import", path, "--data", data, "--json").objects
    assert [(p["line"], p["code"]) for p in came["problems"]] == [(2, "x.contested"), (3, "x.contested")]
    assert came["joined"] == 0
    ended = command("shares", "settle", two.id, "--as", "lin", "--data", data, "--json")
    assert ended.objects[0]["state"] == "settled"
    states = {s["post_id"]: s["state"] for s in command("shares", "list", "--data", data, "--json").objects}
    assert states == {one.id: "dropped", two.id: "settled"}
    assert command("shares", "drop", two.id, "--as", "lin", "--data", data).out == f"{two.id}  dropped\n"
    assert command("shares", "drop", "404", "--data", data).status == 1
    history = command("show", two.id, "--data", data, "--json").objects[0]["history"]
    assert [(event["event"], event["who"]) for event in history if event["event"].startswith("share.")] == [
        ("share.settled", "lin"), ("share.dropped", "lin")
    ]  # fmt: skip
