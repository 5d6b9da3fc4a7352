"""JSON Lines from files, pipes, and files that grow."""

# ruff: noqa: ASYNC240  # the tests write small files between steps, where blocking hurts nobody

from __future__ import annotations

import asyncio
import datetime as dt
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.model import MediaRef
from bot.sources import Batch
from bot.sources.jsonl import BATCH, Jsonl
from bot.sources.post_json import MAX_BYTES

NOON = dt.datetime(2025, 7, 20, 12, tzinfo=dt.UTC)


class Clock:
    """Stands still; each sleep lets the writer's next step happen, and stops the reader when there is none."""

    def __init__(self, *steps: object) -> None:
        self.steps = list(steps)

    def now(self) -> dt.datetime:
        return NOON

    async def sleep(self, seconds: float) -> None:
        if not self.steps:
            raise Idle
        step = self.steps.pop(0)
        if callable(step):
            step()
        await asyncio.sleep(0)


class Idle(Exception):  # not a failure: there is nothing more to read
    """The reader waits and nothing more will be written."""


async def collect(stream: AsyncGenerator[Batch, None]) -> list[Batch]:
    batches = []
    try:
        async for batch in stream:
            batches.append(batch)  # noqa: PERF401  # what came before Idle is kept
    except Idle:
        pass
    return batches


def ids(batches: Iterable[Batch]) -> list[str]:
    return [delivery.snapshot.id for batch in batches for delivery in batch.deliveries]


def bad(batches: Iterable[Batch]) -> list[tuple[int | None, str]]:
    return [(item.line, item.reason) for batch in batches for item in batch.quarantined]


def posts(*numbers: int) -> bytes:
    return b"".join(b'{"id": %d}\n' % number for number in numbers)


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "posts.jsonl"


class TestWhole:
    async def read(self, path: Path, received_at: dt.datetime | None = None) -> list[Batch]:
        return await collect(Jsonl(path, dt.UTC, Clock(), received_at=received_at).stream(None))

    async def test_what_files_look_like(self, path: Path) -> None:
        """A byte order mark, CRLF, blank lines, no end of line at the end: none of it is in the way of a post."""
        path.write_bytes(b'\xef\xbb\xbf{"id": 1}\r\n\r\n  \n{"id": "\xe4\xb8\xad"}\n{"id": 3}')
        batches = await self.read(path)
        assert (ids(batches), bad(batches)) == (["1", "中", "3"], [])

    async def test_lines_that_are_no_post(self, path: Path) -> None:
        """Each with its number and reason, kept whole; the rest goes on."""
        lines = [b'{"id": 1}', b"nope", b'{"id": "\xff"}', b"", b'{"id": true}', b'{"id": 2}', b'{"id": 3']
        path.write_bytes(b"\n".join(lines))
        batches = await self.read(path)
        assert ids(batches) == ["1", "2"]
        assert [line for line, _ in bad(batches)] == [2, 3, 5, 7]
        assert [item.raw for batch in batches for item in batch.quarantined] == [
            "nope", '{"id": "\\xff"}', '{"id": true}', '{"id": 3',
        ]  # fmt: skip

    async def test_a_line_that_never_ends(self, path: Path) -> None:
        """Put aside without being held in memory; the next line is read."""
        path.write_bytes(b'{"id": 1, "text": "' + b"x" * (3 * MAX_BYTES) + b'"}\n{"id": 2}\n')
        batches = await self.read(path)
        assert (ids(batches), bad(batches)) == (["2"], [(1, f"longer than {MAX_BYTES} bytes")])
        assert len(batches[0].quarantined[0].raw) <= MAX_BYTES

    async def test_batches_are_bounded(self, path: Path) -> None:
        """Many lines are several transactions."""
        path.write_bytes(posts(*range(2 * BATCH + 1)))
        batches = await self.read(path)
        assert [len(batch.deliveries) for batch in batches] == [BATCH, BATCH, 1]

    async def test_when_lines_were_observed(self, path: Path) -> None:
        """When read, a later line later though the clock stands still; or all when they were received."""
        path.write_bytes(posts(1, 2, 3))
        read = [d.observed_at for batch in await self.read(path) for d in batch.deliveries]
        assert read[0] == NOON
        assert read[0] < read[1] < read[2]
        then = NOON - dt.timedelta(days=9)
        assert {d.observed_at for batch in await self.read(path, then) for d in batch.deliveries} == {then}

    async def test_media_beside_the_file(self, path: Path) -> None:
        """Relative to its folder, never out of it."""
        good, out = ({"id": i, "media": [{"type": "image", "path": p}]} for i, p in ((1, "a.png"), (2, "../a.png")))
        path.write_text(f"{json.dumps(good)}\n{json.dumps(out)}\n")
        batches = await self.read(path)
        assert batches[0].deliveries[0].snapshot.media == (MediaRef(type="image", path=str(path.parent / "a.png")),)
        assert bad(batches) == [(2, "media[0].path: leaves the folder of its file")]

    async def test_read_whole_whatever_was_read_before(self, path: Path) -> None:
        """A further pass of the same run brings nothing; another run reads all again, and leaves positions alone."""
        path.write_bytes(posts(1, 2))
        source = Jsonl(path, dt.UTC, Clock())
        batches = await collect(source.stream('{"of": "another source"}'))
        assert (ids(batches), [batch.position for batch in batches]) == (["1", "2"], [None])
        assert await collect(source.stream(None)) == []
        assert ids(await self.read(path)) == ["1", "2"]

    async def test_a_file_that_cannot_be_read(self, path: Path) -> None:
        """One line that names it."""
        for wrong in (path, path.parent):
            with pytest.raises(UserError, match=rf"cannot read {wrong}: "):
                await self.read(wrong)


class TestFollowed:
    async def follow(self, path: Path, *steps: object, position: str | None = None) -> list[Batch]:
        return await collect(Jsonl(path, dt.UTC, Clock(*steps), follow=True).stream(position))

    async def test_lines_as_they_are_written(self, path: Path) -> None:
        """A line counts when it ends, in however many pieces it came."""
        path.write_bytes(posts(1) + b'{"id"')
        batches = await self.follow(
            path, None, lambda: append(path, b': 2}\n{"id": 3'), None, lambda: append(path, b"}\n")
        )
        assert (ids(batches), bad(batches)) == (["1", "2", "3"], [])

    async def test_on_from_a_position(self, path: Path) -> None:
        """Whichever was committed last; line numbers go on too."""
        path.write_bytes(posts(1, 2))
        first = await self.follow(path, lambda: append(path, posts(3)))
        append(path, posts(4) + b"nope\n")
        for done, batch in enumerate(first, 1):
            rest = await self.follow(path, position=batch.position)
            assert ids(first[:done]) + ids(rest) == ["1", "2", "3", "4"]
            assert bad(rest) == [(5, "not JSON: Expecting value at character 0")]

    async def test_rotation_while_reading(self, path: Path) -> None:
        """The old file is read to its end, with what was written to it at the very last, then the new one."""

        def rotate() -> None:
            append(path, posts(2))
            path.rename(path.with_suffix(".1"))
            path.write_bytes(posts(3))

        path.write_bytes(posts(1))
        assert ids(await self.follow(path, rotate)) == ["1", "2", "3"]

    async def test_rotation_with_a_gap(self, path: Path) -> None:
        """A file that is gone for a while is waited for."""
        path.write_bytes(posts(1))
        steps = (lambda: path.rename(path.with_suffix(".1")), None, lambda: path.write_bytes(posts(2)))
        assert ids(await self.follow(path, *steps)) == ["1", "2"]

    async def test_rotation_while_stopped(self, path: Path) -> None:
        """What was left in the old file comes first, found beside the new one by its identity."""
        path.write_bytes(posts(1))
        (batch,) = await self.follow(path)
        append(path, posts(2))
        path.rename(Path(f"{path}.1"))
        path.write_bytes(posts(3))
        assert ids(await self.follow(path, position=batch.position)) == ["2", "3"]

    async def test_truncation(self, path: Path) -> None:
        """A file cut short and written anew is read from its start."""
        path.write_bytes(posts(1001, 1002))
        assert ids(await self.follow(path, lambda: path.write_bytes(posts(3)))) == ["1001", "1002", "3"]

    async def test_written_anew_and_longer_while_stopped(self, path: Path) -> None:
        """Same inode, not shorter, other content: not taken for the same file."""
        path.write_bytes(posts(1))
        (batch,) = await self.follow(path)
        path.write_bytes(posts(5, 6, 7))
        assert ids(await self.follow(path, position=batch.position)) == ["5", "6", "7"]

    async def test_another_files_position(self, path: Path) -> None:
        """A copy with the same beginning is another file."""
        path.write_bytes(posts(1))
        (batch,) = await self.follow(path)
        copy = path.with_name("copy")
        copy.write_bytes(posts(1, 2))
        assert ids(await self.follow(copy, position=batch.position)) == ["1", "2"]

    async def test_one_pass(self, path: Path) -> None:
        """Ends at the end. An unended line is taken where it is JSON already, else left for the next pass."""
        path.write_bytes(posts(1) + b'{"id": 2}')
        batches = await collect(Jsonl(path, dt.UTC, Clock(), follow=True, once=True).stream(None))
        assert ids(batches) == ["1", "2"]
        append(path, b'\n{"id": 3, "te')
        source = Jsonl(path, dt.UTC, Clock(), follow=True, once=True)
        assert ids(await collect(source.stream(batches[-1].position))) == []
        append(path, b'xt": "x"}\n')
        assert ids(await collect(source.stream(batches[-1].position))) == ["3"]


PIPE = """
import asyncio, datetime as dt, sys
from bot.clock import SystemClock
from bot.sources.jsonl import Jsonl

async def main():
    async for batch in Jsonl("-", dt.UTC, SystemClock()).stream(None):
        for delivery in batch.deliveries:
            print(delivery.snapshot.id, delivery.snapshot.media, flush=True)
            if delivery.snapshot.id == "stop":
                raise SystemExit(7)

asyncio.run(main())
"""


class TestPipe:
    def test_to_its_end(self, tmp_path: Path) -> None:
        """Standard input is read like a file, paths relative to the working folder."""
        lines = b'{"id": 1}\nnope\n{"id": 2, "media": [{"type": "image", "path": "a.png"}]}'
        done = subprocess.run(
            [sys.executable, "-c", PIPE], input=lines, capture_output=True, check=True, cwd=tmp_path, timeout=60,
            env={"PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        out = done.stdout.decode().splitlines()
        assert out[0] == "1 None"
        assert out[1].startswith("2 ")
        assert str(tmp_path / "a.png") in out[1]

    def test_stopping_while_it_blocks(self, tmp_path: Path) -> None:
        """A pipe that stays open and silent does not keep the process alive."""
        with subprocess.Popen(
            [sys.executable, "-c", PIPE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path,
            env={"PYTHONPATH": str(Path(__file__).parents[2])},
        ) as process:  # fmt: skip
            assert process.stdin is not None
            process.stdin.write(b'{"id": 1}\n{"id": "stop"}\n')
            process.stdin.flush()
            assert process.wait(timeout=60) == 7
