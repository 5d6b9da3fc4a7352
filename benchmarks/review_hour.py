"""An hour of two moderators at once, by real keys: ``python -m benchmarks.review_hour [--minutes N] [--posts N]
[--look SECONDS]``.

Ann reviews on the page in headless Chromium, bo in the terminal under tmux, on one queue of N posts with 1080p
pictures. Each plays a person: looks at what is drawn for two seconds or so, decides with one key, now and then skips,
takes the last decision back, flags, leaves a note, compares, opens the full picture or the help, and rests; bo once for
longer than a claim lasts. Prints, for each of the two:

- decisions: deciding keys that were pressed, each after its post was read off the screen;
- lost: of those, of notes and of undos, how many were not recorded for that post;
- other: what was recorded though nobody meant it: of another post than the one drawn, or another action;
- order: whether all of it was recorded in the order of the keys;
- misread: posts that the surface showed for another than the one that was last drawn;
- key to next post drawn, in milliseconds; and how often a surface refused something.

Beneath: posts that two people decided though nobody had asked for a second pair of eyes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from benchmarks import review_page, review_tui
from benchmarks.review_queue import make, post_id
from benchmarks.review_tui import PICTURES, Screen, percentile, pressure
from bot.campaign import load_campaign
from bot.copies.relate import Relater
from bot.media.looked import looked
from bot.store import Store
from bot.store.connection import Connection
from tests.chromium import Page

_LOOK: Final = (0.4, 0.4, 9.0)  # how long a post is looked at: spread of its logarithm, bounds in seconds
_REST: Final = (420.0, 15.0, 40.0)  # seconds between two rests, and how long one takes
_AWAY: Final = 180.0  # seconds of the one rest that outlasts a claim
_PATIENCE: Final = 20.0  # seconds until the screen is read to see why nothing new was drawn
_NOTE: Final = "axe 15 u? fine, D"  # every letter of it is a key elsewhere
_DECIDES: Final = {"a": "approve", "x": "reject", "4": "reject", "1": "reject", "f": "flag"}


class Hand(Protocol):
    """Fingers and eyes at one surface."""

    async def next(self, after: str | None) -> str | None:
        """Wait until a post other than ``after`` is drawn whole; its id, None where none comes."""

    async def reads(self) -> str | None:
        """The id of the post on the screen, read off it now."""

    async def press(self, key: str) -> None:
        """One key."""

    async def note(self, words: str) -> None:
        """Type a note and keep it."""

    async def rest(self, seconds: float) -> None:
        """Do nothing for so long."""


class Browser:
    """Hand at the page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def next(self, after: str | None) -> str | None:
        """Wait until a post other than ``after`` is drawn whole; its id, None where none comes."""
        last = "drawn.length && drawn[drawn.length - 1][0]"  # noted a frame after it was drawn
        try:
            return str(await self._page.until(f"{last} !== '{after}' && {last}", _PATIENCE))
        except TimeoutError:
            return None

    async def reads(self) -> str | None:
        """The id of the post on the screen."""
        found = await self._page.value("document.querySelector('#desk .ids code').textContent")
        return str(found).partition("@")[0]

    async def press(self, key: str) -> None:
        """One key."""
        await self._page.press(key)

    async def note(self, words: str) -> None:
        """Type a note and keep it."""
        await self._page.until("document.getElementById('note').open")
        await self._page.write(words)
        await self._page.press("Enter", modifiers=2)
        await self._page.until("!document.getElementById('note').open")

    async def rest(self, seconds: float) -> None:
        """Do nothing for so long."""
        await asyncio.sleep(seconds)


class Terminal:
    """Hand at the terminal."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    async def next(self, after: str | None) -> str | None:
        """Wait until a post other than ``after`` is drawn whole; its id, None where none comes."""
        begun = time.monotonic()
        while (found := self._screen.other(after)) is None and time.monotonic() - begun < _PATIENCE:
            await asyncio.sleep(0.005)
            self._screen.drain()
        if found is None:
            print(f"nothing was drawn after {after}:\n{self._screen.text().decode()}", file=sys.stderr, flush=True)
        return found

    async def reads(self) -> str | None:
        """The id of the post on the screen."""
        return await asyncio.to_thread(self._screen.reads)

    async def press(self, key: str) -> None:
        """One key."""
        self._screen.press({"space": " ", "Escape": "\x1b"}.get(key, key))
        if key == "Escape":
            await self.rest(0.6)  # tmux waits half a second: with a letter behind it, it would be Alt and that letter

    async def note(self, words: str) -> None:
        """Type a note and keep it."""
        await self.rest(0.3)
        for letter in words:
            self._screen.press(letter)
            await self.rest(0.05)
        self._screen.press("\r")
        await self.rest(0.3)

    async def rest(self, seconds: float) -> None:
        """Do nothing for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._screen.drain()
            await asyncio.sleep(min(0.1, left))


@dataclass
class Played:
    """What one person did: ``meant`` (post, action) in order, milliseconds from deciding keys to the next post."""

    meant: list[tuple[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    misread: int = 0


async def seen(hand: Hand, after: str | None, told: Played) -> str:
    """The next post; where none was drawn, the one that is on the screen, which is counted."""
    post = await hand.next(after)
    if post is None:
        told.did["stayed"] += 1
        post = await hand.reads()
    assert post is not None, "nothing is on the screen"
    return post


async def play(hand: Hand, who: str, seconds: float, look: float, chance: random.Random) -> Played:
    """Review for so long, as a person does."""
    told, begun = Played(), time.monotonic()
    rested, away = begun, who == "bo" and seconds > 2 * _AWAY
    post, last = await seen(hand, None, told), ""
    while (now := time.monotonic()) - begun < seconds:
        spread, least, most = _LOOK
        await hand.rest(min(most, max(least, look * chance.lognormvariate(0, spread))))
        if now - rested > _REST[0]:
            if away and now - begun > seconds / 2:
                away = False
                await hand.rest(_AWAY)
                await hand.press("Escape")  # wakes the terminal, which had let go of everything
                post, last = await seen(hand, None, told), ""
                told.did["away"] += 1
            else:
                await hand.rest(chance.uniform(*_REST[1:]))
                told.did["rest"] += 1
            rested = time.monotonic()
            continue
        key = _chosen(chance, can_undo=last == "decided")
        told.did[key] += 1
        last = ""
        match key:
            case "d" | "v" | "?":
                await hand.press(key)
                await hand.rest(chance.uniform(0.6, 2.0))
                await hand.press("Escape")
            case "n":
                await hand.press(key)
                await hand.note(_NOTE)
                told.meant.append((post, "note"))
            case "u":
                await hand.press(key)
                told.meant.append((told.meant[-1][0], "undo"))
                post = await seen(hand, post, told)
                told.did["elsewhere"] += post != told.meant[-1][0]  # the other one took it in that moment
            case _:
                told.misread += await hand.reads() != post
                pressed = time.monotonic()
                await hand.press(key)
                if key != "space":
                    told.meant.append((post, _DECIDES[key]))
                    last = "decided"
                post = await seen(hand, post, told)
                told.times.append(1000 * (time.monotonic() - pressed))
    await hand.rest(3.0)
    return told


def _chosen(chance: random.Random, *, can_undo: bool) -> str:
    """The next key: mostly approvals and rejections."""
    keys, weights = zip(("a", 56), ("x", 18), ("4", 6), ("1", 5), ("f", 2), ("space", 3), ("n", 2), ("d", 3), ("v", 2),
                        ("?", 0.5), ("u", 3 if can_undo else 0), strict=True)  # fmt: skip
    return str(chance.choices(keys, weights)[0])


def compared(data: Path) -> None:
    """Tie every fortieth post to an earlier one that shows the same picture, so that there is something to compare."""
    campaign = load_campaign()
    with closing(Store(data)) as store:
        posts = store.verdicts.counts()["review"]
        relater = Relater(store, campaign, "benchmark")
        with store.transaction():
            for number in range(PICTURES, posts, 40):
                for name in (post_id(number - PICTURES), post_id(number)):
                    post = store.intake.post(name)
                    assert post is not None
                    relater.relate(post, *looked(store, "benchmark", post))


async def both(data: Path, seconds: float, look: float) -> tuple[Played, Played]:
    """Ann on the page and bo in the terminal, at once."""
    with review_tui.reviewing(data, "bo") as screen:
        async with review_page.reviewing(data) as page:
            ann = play(Browser(page), "ann", seconds, look, random.Random(1))
            bo = play(Terminal(screen), "bo", seconds, look, random.Random(2))
            found = await asyncio.gather(ann, bo)
            refused = await page.value("document.getElementById('wrong').textContent")
            if refused or page.problems:
                print(f"the page said: {refused} {page.problems}")
    return found[0], found[1]


def recorded(data: Path, who: str) -> list[tuple[str, str]]:
    """(post, action) of every decision of one person, in order."""
    with contextlib.closing(Connection(data / "gatewarden.db")) as connection:
        rows = connection.rows("SELECT post_id, action FROM decisions WHERE who = ? ORDER BY seq", (who,))
        return [(post, action) for post, action in rows]


def doubly(data: Path) -> int:
    """Posts that two people approved or rejected, though nobody flagged them, by what was not taken back."""
    with contextlib.closing(Connection(data / "gatewarden.db")) as connection:
        rows = connection.rows(
            "SELECT post_id FROM decisions AS d WHERE action IN ('approve', 'reject')"
            " AND NOT EXISTS (SELECT 1 FROM decisions WHERE undoes = d.id)"
            " AND NOT EXISTS (SELECT 1 FROM decisions WHERE post_id = d.post_id AND action = 'flag')"
            " GROUP BY post_id HAVING count(*) > 1"
        )
        return len(rows)


def _row(surface: str, told: Played, made: list[tuple[str, str]], minutes: float) -> str:
    meant, was = Counter(told.meant), Counter(made)
    deciding = [pair for pair in told.meant if pair[1] in ("approve", "reject", "flag")]
    lost, other = (sum((a - b).values()) for a, b in ((meant, was), (was, meant)))
    p50, p95, most = (percentile(told.times, share) for share in (0.5, 0.95, 1.0))
    did, order = told.did, "kept" if told.meant == made else "lost"
    looks, rests = did["d"] + did["v"] + did["?"], did["rest"] + did["away"]
    return (
        f"{surface:9} {len(deciding):9} {60 * len(deciding) / minutes:8.0f} {lost:5} {other:6} {order:>6}"
        f" {told.misread:8} {did['u']:7} {did['space']:7} {did['f']:7} {did['n']:6} {looks:7} {rests:6}"
        f"   {p50:.0f} / {p95:.0f} / {most:.0f}"
        + "".join(f"; {name}: {did[name]}" for name in ("stayed", "elsewhere") if did[name])
    )


def main() -> None:
    """Make the queue, play, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--look", type=float, default=2.0, help="Seconds that a post is looked at, in the median.")
    parser.add_argument("--keep", type=Path, help="Leave the data here.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = given.keep or Path(folder) / "data"
        make(data, given.posts, PICTURES)
        compared(data)
        began, waited = time.monotonic(), pressure()
        ann, bo = asyncio.run(both(data, 60 * given.minutes, given.look))
        share = (pressure() - waited) / (time.monotonic() - began)
        print(f"{given.minutes:.0f} minutes, two moderators at once on {given.posts} posts")
        print(
            "surface   decisions  an hour  lost  other  order  misread  undone skipped flagged  notes  looked  rests"
            "   key to next: p50 / p95 / longest ms"
        )
        print(_row("page", ann, recorded(data, "ann"), given.minutes))
        print(_row("terminal", bo, recorded(data, "bo"), given.minutes))
        print(f"posts that two people decided, unasked: {doubly(data)}")
        print(f"machine: {os.cpu_count()} cores; something waited for one {share:.0%} of the time")


if __name__ == "__main__":
    main()
