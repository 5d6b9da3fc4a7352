"""Decoder processes that die, hang, eat memory, lie or break out: an item is lost at most, never the daemon."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import structlog

from bot.engines import DetectorError, Engine, examine_in_order
from bot.engines import pool as pool_module
from bot.engines.inline import InlineEngine
from bot.engines.pool import PoolEngine
from bot.engines.sandbox import available
from bot.errors import Transient, UserError
from bot.settings import Engine as Settings
from detectors.evidence import Examined, Unreadable
from tests.faults.decoders import HARMLESS, script

pytestmark = pytest.mark.skipif(available() is not None, reason=f"no sandbox here: {available()}")

Say = Callable[..., Awaitable[Examined]]


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """The one folder of ours that a decoder may read."""
    folder = tmp_path / "kit"
    folder.mkdir()
    (folder / "colours").write_text("blue")
    return folder


@pytest.fixture
def order(tmp_path: Path) -> Callable[[str], Path]:
    """A file that tells the scripted decoder what to do."""

    def write(command: str) -> Path:
        path = tmp_path / f"order {abs(hash(command))}"
        path.write_text(command)
        return path

    return write


def engine_of(kit: Path, examiner: str = "script", **settings: object) -> PoolEngine:
    options = {"workers": 1, "seconds": 20.0, "patience": 3.0, "memory": 512_000_000, **settings}
    return PoolEngine(Settings(**options), str(kit), examiner=f"tests.faults.decoders:{examiner}")  # type: ignore[arg-type]


@pytest.fixture
async def engine(kit: Path) -> AsyncIterator[PoolEngine]:
    engine = engine_of(kit)
    yield engine
    await engine.close()


async def said(engine: Engine, path: Path) -> str:
    """What the scripted decoder has to say."""
    examined = await engine.examine(path)
    assert isinstance(examined, Unreadable)
    return examined.reason


@pytest.mark.parametrize("command", ["die", "abort", "nonsense", "endless_answer", "pickle"])
async def test_three_deaths_make_an_item_unreadable(
    engine: PoolEngine, order: Callable[[str], Path], command: str
) -> None:
    """A decoder that crashes or talks nonsense costs its item a try each; the next item is served as ever."""
    assert await said(engine, order(command)) == "decoder_killed"
    assert engine.deaths == {"killed": 3}
    assert await said(engine, order("say well")) == "well"


async def test_an_item_survives_deaths(kit: Path, order: Callable[[str], Path]) -> None:
    """A process that is killed, by the kernel for want of memory say, does not condemn its item."""
    engine = engine_of(kit, tries=100)
    path, other = order("die"), order("say survived")
    looking = asyncio.create_task(said(engine, path))
    while engine.deaths["killed"] < 1:  # noqa: ASYNC110 - the event is in another process
        await asyncio.sleep(0.01)
    os.replace(other, path)  # noqa: PTH105 - as a writer in another process does it
    assert await looking == "survived"
    await engine.close()


@pytest.mark.parametrize("command", ["hang", "spin"])
async def test_what_does_not_end_is_ended(kit: Path, order: Callable[[str], Path], command: str) -> None:
    """A decoder that sleeps is ended by the clock, one that computes by its processor time; the reason says so."""
    engine = engine_of(kit, seconds=1.0, patience=1.0 if command == "hang" else 60.0, tries=1)
    assert await said(engine, order(command)) == "decoder_timeout"
    assert engine.deaths == {"timeout": 1}
    await engine.close()


@pytest.mark.parametrize("command", ["memory", "shared_memory"])
async def test_a_memory_bomb_is_one_item_lost(engine: PoolEngine, order: Callable[[str], Path], command: str) -> None:
    """Five gigabytes, private or shared, are not to be had."""
    assert await said(engine, order(command)) == "too_much_memory"
    assert await said(engine, order("say well")) == "well"
    assert not engine.deaths


async def test_killed_between_two_items(engine: PoolEngine, order: Callable[[str], Path]) -> None:
    """A process that dies while it has nothing to do is replaced, at no item's cost."""
    first = int(await said(engine, order("pid")))
    os.kill(first, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert int(await said(engine, order("pid"))) != first
    assert not engine.deaths


async def test_processes_are_recycled(kit: Path, order: Callable[[str], Path]) -> None:
    """After so many items a process is replaced, and not before."""
    engine = engine_of(kit, recycle=3)
    pids = [await said(engine, order("pid")) for _ in range(7)]
    await engine.close()
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


async def test_nothing_forbidden_goes_through(engine: PoolEngine, order: Callable[[str], Path], kit: Path) -> None:
    """No network, no program, no process, no file written, no other process touched, no limit lifted."""
    (kit / "secret").write_text("secret")
    assert await said(engine, order("forbidden")) == ""
    assert sorted(os.listdir(kit)) == ["colours", "secret"]  # noqa: PTH208 - Path would do, but is not for async
    assert await said(engine, order("limits")) == "0,0,64"


async def test_the_same_goes_through_without_a_sandbox(kit: Path, order: Callable[[str], Path]) -> None:
    """The attempts of the test above are sound: unconfined, they succeed."""
    engine = engine_of(kit, sandbox="off")
    (kit / "secret").write_text("secret")
    passed = await said(engine, order("harmless"))
    await engine.close()
    assert passed.split(",") == HARMLESS


async def test_files_outside_cannot_be_read(
    engine: PoolEngine, order: Callable[[str], Path], kit: Path, tmp_path: Path
) -> None:
    """Where the kernel has Landlock, only code, system libraries and the brand kit are readable."""
    if "landlock" not in await engine.layers():
        pytest.skip("this kernel has no Landlock")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    assert await said(engine, order(f"read {secret}")) == "PermissionError"
    assert await said(engine, order("read /etc/passwd")) == "PermissionError"
    assert await said(engine, order(f"read {kit / 'colours'}")) == "blue"


async def test_no_secret_of_ours_is_inherited(
    engine: PoolEngine, order: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment of a decoder holds nothing of the daemon's settings."""
    monkeypatch.setenv("GATEWARDEN_PUSH__SECRET", "secret")
    assert "GATEWARDEN" not in await said(engine, order("environment"))


async def test_decoding_libraries_work_inside(engine: PoolEngine, order: Callable[[str], Path]) -> None:
    """Pillow with all formats, OpenCV, simplejpeg, PyAV with threads and a late import: all of it works confined."""
    assert await said(engine, order("libraries")) == (
        "PNG400,JPEG400,WEBP400,GIF400,AVIF400,TIFF400,HEIF400,simplejpeg400,cv298,frames5,1"
    )
    assert await said(engine, order("threads")) == "[0, 1, 2, 3]"


async def test_a_bug_comes_back_as_a_bug(engine: PoolEngine, order: Callable[[str], Path]) -> None:
    """What a detector raises is raised here, with its traceback, and the process goes on."""
    pid = await said(engine, order("pid"))
    with pytest.raises(DetectorError, match="ValueError: oh no") as caught:
        await engine.examine(order("raise oh no"))
    assert "do_raise" in caught.value.trace
    assert await said(engine, order("pid")) == pid


async def test_what_detectors_log_reaches_our_log(engine: PoolEngine, order: Callable[[str], Path]) -> None:
    """A detector's traceback stands in the daemon's log, once."""
    with structlog.testing.capture_logs() as logs:
        assert await said(engine, order("log oh no")) == "logged"
        assert await said(engine, order("say well")) == "well"
    assert len(logs) == 1
    assert "ValueError: oh no" in logs[0]["traceback"]


async def test_detectors_that_cannot_be_loaded(kit: Path, order: Callable[[str], Path]) -> None:
    """An examiner that raises is a bug with a traceback; one that takes the process with it is an outage."""
    with pytest.raises(DetectorError, match="ValueError: no kit"):
        await engine_of(kit, "broken").examine(order("say x"))
    with pytest.raises(Transient, match="decoder_not_started"):
        await engine_of(kit, "dies").examine(order("say x"))


async def test_missing_and_odd_files(engine: PoolEngine, tmp_path: Path, order: Callable[[str], Path]) -> None:
    """A file that is gone, a folder and a pipe are outages, and cost no process."""
    os.mkfifo(tmp_path / "pipe")
    for path, reason in (
        (tmp_path / "gone", "file_missing"),
        (tmp_path, "not_a_file"),
        (tmp_path / "pipe", "not_a_file"),
    ):
        with pytest.raises(Transient, match=reason):
            await engine.examine(path)
    assert await said(engine, order("say well")) == "well"


async def test_close_ends_what_is_in_flight(kit: Path, order: Callable[[str], Path]) -> None:
    """Closing does not wait for a hung decoder; whoever waits hears of it; closing twice is harmless."""
    engine = engine_of(kit, workers=2)
    hung = [asyncio.create_task(engine.examine(order("hang"))) for _ in range(4)]
    pid = int(await said(engine_other := engine_of(kit), order("pid")))
    await engine_other.close()
    await engine.close()
    await engine.close()
    results = await asyncio.gather(*hung, return_exceptions=True)
    assert {str(result) for result in results} == {"engine_closed"}
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(Transient, match="engine_closed"):
        await engine.examine(order("say x"))


async def test_giving_up_waiting_frees_the_place(engine: PoolEngine, order: Callable[[str], Path]) -> None:
    """Who stops waiting for a hung decoder takes it down, and the next item gets a fresh one."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(engine.examine(order("hang")), 0.5)
    assert await said(engine, order("say well")) == "well"


def test_without_a_sandbox_nothing_is_decoded(kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no sandbox can be had the engine refuses in one line, unless the settings waive it."""
    monkeypatch.setattr(pool_module, "available", lambda: "the kernel was built without seccomp")
    with pytest.raises(UserError, match="without seccomp") as caught:
        engine_of(kit)
    assert "\n" not in str(caught.value)
    engine_of(kit, sandbox="off")


@pytest.mark.parametrize("kind", ["pool", "inline"])
async def test_many_files_come_back_in_order(kit: Path, order: Callable[[str], Path], kind: str) -> None:
    """Results stand in the order of the files, a bug among them as a value, under either engine."""
    engine: Engine = engine_of(kit, workers=2) if kind == "pool" else InlineEngine(script(str(kit)))
    paths = [order("raise oh no" if n == 5 else f"say {n}") for n in range(12)]
    results = [(path, got) async for path, got in examine_in_order(engine, iter(paths), 4)]
    await engine.close()
    assert [path for path, _ in results] == paths
    assert [got.reason if isinstance(got, Unreadable) else str(got) for _, got in results] == [
        "ValueError: oh no" if n == 5 else str(n) for n in range(12)
    ]


async def test_decoders_do_not_outlive_a_killed_daemon(kit: Path, order: Callable[[str], Path]) -> None:
    """After kill -9 of the daemon no decoder is left over, not even a hung one."""
    code = (
        "import asyncio, sys; from pathlib import Path; from bot.engines.pool import PoolEngine; "
        "from bot.settings import Engine\n"
        "async def main():\n"
        f"    engine = PoolEngine(Engine(workers=1), {str(kit)!r}, examiner='tests.faults.decoders:script')\n"
        f"    print((await engine.examine(Path({str(order('pid'))!r}))).reason, flush=True)\n"
        f"    await engine.examine(Path({str(order('hang'))!r}))\n"
        "asyncio.run(main())"
    )
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert daemon.stdout is not None
    decoder = int(await daemon.stdout.readline())
    watched = os.pidfd_open(decoder)
    daemon.kill()
    await daemon.wait()
    ended, _, _ = await asyncio.to_thread(select.select, [watched], [], [], 60)
    os.close(watched)
    assert ended
