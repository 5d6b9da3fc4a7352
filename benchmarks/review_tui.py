"""The review in the terminal, by real keys through tmux: ``python -m benchmarks.review_tui [--posts N] [--keys N]``.

A tmux client in a pseudo-terminal of ours shows ``gatewarden review`` on a queue of N posts with 1080p pictures. Keys
are written as a keyboard does; the next post counts as drawn when the client has written its id at the top, its text,
its findings and the foot of its picture. Prints

- calm: key to next post fully drawn, one key every 1.2 s;
- burst: keys at 8 a second for a minute: how many decided nothing, how many decided another post than the one drawn;
- hour: decisions a minute where each key is pressed 0.2 s after the post was drawn, as the quickest of people would,
  and what an hour of that comes to.

The share of time in which no processor was free is printed beside them: on a busy machine it decides the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from benchmarks.review_queue import colour, make, post_id
from bot.store import Store

COLUMNS, ROWS = 140, 45
_COLOUR: Final = re.compile(rb"48;2;(\d+);(\d+);(\d+)|48:2::(\d+):(\d+):(\d+)")
_HEAD: Final = re.compile(rb"([0-9]{8})@1")
_ACTIONS: Final = {"a": "approve", "x": "reject", "5": "reject"}
PICTURES: Final = 120
"""Different pictures of the queue, in turn."""
_REACTION: Final = 0.2  # seconds
_GIVEN_UP: Final = 60.0


class Screen:
    """A tmux client of our own, and what it has written since the last key."""

    def __init__(self, folder: Path, data: Path, who: str = "bench") -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", str(folder / "conf")]
        (folder / "conf").write_text('set -as terminal-features ",*:RGB"\nset -g status off\n')
        review = [sys.executable, "-m", "bot", "review", "--data", str(data), "--as", who, "--lang", "en"]
        subprocess.run([*self._tmux, "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), *review], check=True)
        child, self._terminal = pty.fork()
        if child == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
            os.execvp(self._tmux[0], [*self._tmux, "attach"])
        self._written = b""

    def press(self, key: str) -> float:
        """Press a key; the moment."""
        os.write(self._terminal, key.encode())
        return time.monotonic()

    def read(self, seconds: float) -> None:
        """Take in what is written, for at most so long."""
        if select.select([self._terminal], [], [], max(0.0, seconds))[0]:
            with contextlib.suppress(OSError):
                self._written += os.read(self._terminal, 1 << 16)

    def drain(self) -> None:
        """Take in all that is written already."""
        while select.select([self._terminal], [], [], 0)[0]:
            self.read(0)

    def shows(self, number: int) -> bool:
        """Whether this post was fully drawn, since another one was."""
        name, shown = post_id(number).encode(), self._written
        if not all(mark in shown for mark in (name + b"@1", b"P" + name, b"F" + name)):
            return False
        wanted = colour(number % PICTURES)
        foot = any(
            all(abs(int(part) - want) <= 8 for part, want in zip(filter(None, found), wanted, strict=True))
            for found in set(_COLOUR.findall(shown, shown.find(name)))
        )
        if foot:
            self._written = b""
        return foot

    def newest(self, number: int) -> int:
        """The newest post that was fully drawn, ``number`` where none was since that."""
        heads = _HEAD.findall(self._written)
        last = int(heads[-1]) - int(post_id(0)) if heads else number
        return last if last > number and self.shows(last) else number

    def other(self, name: str | None) -> str | None:
        """The id of the newest post that was fully drawn since the last one, None where it is ``name`` or there is
        none."""
        heads = [head.decode() for head in _HEAD.findall(self._written)]
        last = heads[-1] if heads else name
        return last if last is not None and last != name and self.shows(int(last) - int(post_id(0))) else None

    def reads(self) -> str | None:
        """The id of the post that tmux itself has on its screen."""
        found = _HEAD.search(self.text())
        return None if found is None else found[1].decode()

    def text(self) -> bytes:
        """What tmux has on its screen."""
        return subprocess.run([*self._tmux, "capture-pane", "-p"], check=True, capture_output=True).stdout

    def until(self, number: int, begin: float) -> float | None:
        """Seconds from ``begin`` until the post is fully drawn; None where it never is."""
        while time.monotonic() - begin < _GIVEN_UP:
            if self.shows(number):
                return time.monotonic() - begin
            self.read(0.05)
        return None

    def close(self) -> None:
        """End tmux and all in it."""
        self.press("q")
        time.sleep(2.0)
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        os.close(self._terminal)


def decided(data: Path) -> list[tuple[str, str]]:
    """(post, action) of every decision, in order."""
    with closing(Store(data)) as store:
        return [(p, a) for p, a in store.connection.rows("SELECT post_id, action FROM decisions ORDER BY seq")]


def calm(screen: Screen, first: int, keys: int) -> list[float]:
    """Seconds from key to next post, one key every 1.2 s; the first post is on the screen already."""
    times = []
    for number in range(first, first + keys):
        begin = screen.press("ax5"[number % 3])
        taken = screen.until(number + 1, begin)
        assert taken is not None, f"post {post_id(number + 1)} was never drawn"
        times.append(taken)
        while time.monotonic() - begin < 1.2:
            screen.read(0.02)
    return times


def burst(screen: Screen, first: int, data: Path) -> tuple[int, int, int, int]:
    """8 keys a second for a minute: (keys, decisions, lost, on another post than the one on the screen)."""
    before, number, begin = len(decided(data)), first, time.monotonic()
    meant: set[tuple[str, str]] = set()
    for count in range(480):
        while (left := begin + count / 8 - time.monotonic()) > 0:
            screen.read(left)
        screen.drain()
        number = screen.newest(number)
        key = "ax5"[count % 3]
        meant.add((post_id(number), _ACTIONS[key]))
        screen.press(key)
    time.sleep(3.0)
    made = decided(data)[before:]
    return 480, len(made), 480 - len(made), sum(decision not in meant for decision in made)


def quickly(screen: Screen, first: int, seconds: float) -> tuple[int, float]:
    """Each key 0.2 s after the post is drawn, which is as quick as people are: (decisions, seconds)."""
    begin, number = time.monotonic(), first
    while time.monotonic() - begin < seconds:
        seen = time.monotonic()
        while (left := seen + _REACTION - time.monotonic()) > 0:
            screen.read(left)
        taken = screen.until(number + 1, screen.press("ax5"[number % 3]))
        assert taken is not None, f"post {post_id(number + 1)} was never drawn"
        number += 1
    return number - first, time.monotonic() - begin


@contextlib.contextmanager
def reviewing(data: Path, who: str = "bench") -> Iterator[Screen]:
    """The review on a screen, ended at the end."""
    with tempfile.TemporaryDirectory() as folder:
        screen = Screen(Path(folder), data, who)
        try:
            yield screen
        finally:
            screen.close()


def pressure() -> float:
    """Seconds, since the machine was started, in which something waited for a processor."""
    found = re.search(r"some .*total=(\d+)", Path("/proc/pressure/cpu").read_text()) if _PRESSURE.exists() else None
    return 0.0 if found is None else int(found[1]) / 1e6


_PRESSURE: Final = Path("/proc/pressure/cpu")


def percentile(values: list[float], share: float) -> float:
    """The value below which a share of them lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    """Make the queue, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--data", type=Path, help="A queue made before.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = given.data or Path(folder)
        if not (data / "gatewarden.db").exists():
            make(data, given.posts, PICTURES)
        done = len(decided(data))
        began, waited = time.monotonic(), pressure()
        with reviewing(data) as screen:
            assert screen.until(done, time.monotonic()) is not None, "the first post was never drawn"
            time.sleep(_REACTION)
            times = calm(screen, done, given.keys)
            half, most, longest = (1000 * percentile(times, share) for share in (0.5, 0.95, 1.0))
            print(f"calm: {len(times)} keys, p50 {half:.0f} ms, p95 {most:.0f} ms, longest {longest:.0f} ms")
            first = len(decided(data))
            keys, made, lost, wrong = burst(screen, first, data)
            print(f"burst: {keys} keys, {made} decisions, {lost} lost, {wrong} on another post")
            screen.drain()
            count, seconds = quickly(screen, len(decided(data)), given.seconds)
            minute = 60 * count / seconds
            print(
                f"hour: {count} decisions in {seconds:.0f} s, {minute:.0f} a minute; an hour of that: {60 * minute:.0f}"
            )
        share = (pressure() - waited) / (time.monotonic() - began)
        print(f"machine: {os.cpu_count()} cores; something waited for one {share:.0%} of the time")


if __name__ == "__main__":
    main()
