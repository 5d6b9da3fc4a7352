"""A damaged database, an empty path, one post named twice: each is told in one clear line, or done once."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from bot.operations.doctor import Check
from bot.operations.reachable import reach
from bot.settings import GateSquare, Settings
from bot.store import Store
from tests.integration.commands import Command


@pytest.mark.parametrize("words", [["stats"], ["queue"], ["export"], ["approve", "101"], ["backup", "copy.db"]])
def test_a_missing_table_is_one_clear_line(
    command: Command, judged: Path, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a bug of ours, but a file that somebody damaged: the line says so and what to do."""
    monkeypatch.chdir(tmp_path)
    store = Store(judged)
    for table in ("posts", "decisions", "sightings"):
        store.connection.run("PRAGMA foreign_keys=OFF")
        store.connection.run(f"DROP TABLE {table}")
    store.close()
    ended = command(*words, "--data", judged)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert "damaged" in ended.err
    assert "no such table" in ended.err or "no table" in ended.err
    assert "bug" not in ended.err
    assert not Path("copy.db").exists()


def test_a_broken_page_is_found(command: Command, judged: Path) -> None:
    """``doctor`` reads every page; a command that runs into a broken one says so in one line."""
    path = judged / "gatewarden.db"
    for page in range(4, path.stat().st_size // 4096, 2):
        with path.open("r+b") as file:
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    ended = command("doctor", "--json", "--data", judged)
    assert ended.status == 1
    assert any(o["state"] == "broken" for o in ended.objects)
    ended = command("export", "--data", judged)
    assert ended.status == 1
    assert ended.err.count("\n") == 1
    assert "malformed" in ended.err


@pytest.mark.parametrize("option", ["--data", "--config"])
def test_an_empty_path_is_an_error(command: Command, option: str) -> None:
    """``--data "$UNSET"`` in a script must not fall on the working folder."""
    ended = command("stats", option, "")
    assert ended.status == 2
    assert "empty" in ended.err


@pytest.mark.parametrize("words", [["approve"], ["reject", "--reason", "content.offtopic"]])
def test_a_post_named_twice_is_decided_once(command: Command, judged: Path, words: list[str]) -> None:
    """Also where one of the two names its revision, which is then held to."""
    done = command(*words, "101", "101@1", "101", "--as", "amy", "--data", judged, "--json")
    assert done.status == 0
    assert [o["post_id"] for o in done.objects] == ["101"]
    assert command(*words, "101", "101@7", "--as", "amy", "--data", judged).status == 1


@pytest.mark.parametrize(("date", "state"), [("now", "ok"), ("Mon, 01 Jan 2024 00:00:00 GMT", "warning"), ("", None)])
async def test_doctor_compares_clocks(date: str, state: str | None, tmp_path: Path) -> None:
    """Where the square says what time it is, ours is held against it."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({}, headers={} if date == "now" else {"Date": date})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    square = GateSquare(host=f"http://127.0.0.1:{runner.addresses[0][1]}")
    found = {check.name: check async for check in reach(Settings(data=tmp_path, gate_square=square), "#tag#")}
    await runner.cleanup()
    assert found["square"].state == "ok"
    clock: Check | None = found.get("clock beside square")
    assert (clock and clock.state) == state
