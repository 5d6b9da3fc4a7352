"""The review page, by real keys in headless Chromium: ``python -m benchmarks.review_page [--posts N] [--keys N]``.

``gatewarden serve`` on a queue of N posts with 1080p pictures, in a process of its own; keys go through the DevTools
protocol as a keyboard's do. A post counts as drawn in the frame after its text, its findings and its picture, decoded,
are on the page: told by a script of ours in the page, not by the page. Prints

- calm: key to next post fully drawn, one key every 0.7 s;
- burst: keys at 8 a second for a minute: how many decided nothing, how many decided another post than the one drawn;
- hour: decisions a minute where each key is pressed 0.2 s after the post was drawn, as the quickest of people would,
  and what an hour of that comes to.

No picture is shown twice, and the browser keeps none. The share of time in which something waited for a processor is
printed beside them: on a busy machine it decides the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from benchmarks.review_queue import make
from benchmarks.review_tui import percentile, pressure
from bot.store.connection import Connection
from tests.chromium import Page, chromium

_RATE: Final = 8.0  # keys a second in a burst
_BURST: Final = 60.0  # seconds of it
_PICTURES: Final = 1200  # more than are drawn

# Notes each key with the post that was drawn when it was pressed, and when another post was drawn after it.
_SPY: Final = """window.spied = []; window.drawn = [];
window.on = () => { const item = document.querySelector('#desk .item');
    return item && !document.body.classList.contains('waiting-next') ? item : null; };
addEventListener('keydown', () => { const item = window.on();
    window.spied.push([item ? item.dataset.post : null, performance.now()]); }, true);
let last = null;
new MutationObserver(() => { const item = window.on();
    if (!item || item.dataset.post === last) return;
    last = item.dataset.post;
    const whole = [...item.querySelectorAll('img')].every((image) => image.complete && image.naturalWidth);
    const note = () => window.drawn.push([item.dataset.post, performance.now(), whole]);
    requestAnimationFrame(() => requestAnimationFrame(note));
}).observe(document.body, {childList: true, subtree: true, attributes: true, attributeFilter: ['class']});"""


@contextlib.asynccontextmanager
async def reviewing(data: Path) -> AsyncIterator[Page]:
    """The page in a browser, its first post drawn."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", "--data", str(data), "--port", "0", "--as", "ann",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        address = (await asyncio.wait_for(process.stdout.readline(), 120)).decode().strip()
        async with chromium() as page:
            await page.window(1440, 900)
            await page.send("Network.setCacheDisabled", cacheDisabled=True)
            await page.send(
                "Page.addScriptToEvaluateOnNewDocument", source=f"addEventListener('load', () => {{{_SPY}}})"
            )
            await page.goto(address)
            await page.until("document.querySelector('#desk .item') !== null", 60)
            yield page
    finally:
        process.terminate()
        await process.wait()


async def calm(page: Page, keys: int) -> list[float]:
    """Milliseconds from each key to the next post, drawn whole."""
    await asyncio.sleep(3)
    await page.value("(spied.length = 0, drawn.length = 0)")
    for _ in range(keys):
        await page.press("a")
        await asyncio.sleep(0.7)
    spied, drawn = await page.value("spied"), await page.value("drawn")
    assert len(spied) == len(drawn) == keys, (len(spied), len(drawn))
    assert all(whole for _, _, whole in drawn), "a post was drawn without its picture"
    return [after - before for (_, before), (_, after, _) in zip(spied, drawn, strict=True)]


async def burst(page: Page, data: Path) -> tuple[int, int, int, int]:
    """(keys, decisions, keys that decided nothing, decisions on another post than the one drawn)."""
    await asyncio.sleep(2)
    before = len(decided(data))
    await page.value("spied.length = 0")
    begun, keys = time.monotonic(), int(_RATE * _BURST)
    pressed = []
    for number in range(keys):
        await asyncio.sleep(max(0.0, begun + number / _RATE - time.monotonic()))
        pressed.append("a" if number % 2 else "4")
        await page.press(pressed[-1])
    await asyncio.sleep(5)
    meant = [(post, key) for (post, _), key in zip(await page.value("spied"), pressed, strict=True)]
    made = [(post, "a" if action == "approve" else "4") for post, action in decided(data)[before:]]
    taken = [pair for pair in meant if pair[0] is not None]
    wrong = sum(pair not in set(taken) for pair in made)
    return keys, len(made), keys - len(made), wrong


async def quickly(page: Page, data: Path, seconds: float) -> tuple[int, float]:
    """Decide each post 0.2 s after it was drawn: (decisions, seconds)."""
    await asyncio.sleep(2)
    before, begun, last = len(decided(data)), time.monotonic(), None
    while time.monotonic() - begun < seconds:
        other = f"window.on() && window.on().dataset.post !== '{last}' && window.on().dataset.post"
        last = await page.until(other)
        await asyncio.sleep(0.2)
        await page.press("a")
    taken = time.monotonic() - begun
    await asyncio.sleep(3)
    return len(decided(data)) - before, taken


def decided(data: Path) -> list[tuple[str, str]]:
    """(post, action) of every decision, in order."""
    with contextlib.closing(Connection(data / "gatewarden.db")) as connection:
        rows = connection.rows("SELECT post_id, action FROM decisions WHERE action <> 'undo' ORDER BY seq")
        return [(post, action) for post, action in rows]


async def measure(data: Path, keys: int, seconds: float) -> None:
    """Measure all three, and print."""
    async with reviewing(data) as page:
        times = await calm(page, keys)
        half, most, longest = (percentile(times, share) for share in (0.5, 0.95, 1.0))
        print(f"calm: {len(times)} keys, p50 {half:.0f} ms, p95 {most:.0f} ms, longest {longest:.0f} ms", flush=True)
    async with reviewing(data) as page:
        pressed, made, lost, wrong = await burst(page, data)
        print(f"burst: {pressed} keys, {made} decisions, {lost} lost, {wrong} on another post", flush=True)
    async with reviewing(data) as page:
        count, taken = await quickly(page, data, seconds)
        minute = 60 * count / taken
        print(f"hour: {count} decisions in {taken:.0f} s, {minute:.0f} a minute; an hour of that: {60 * minute:.0f}")


def main() -> None:
    """Make the queue, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--data", type=Path, help="A queue made before.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = given.data or Path(folder)
        if not (data / "gatewarden.db").exists():
            make(data, given.posts, min(given.posts, _PICTURES))
        began, waited = time.monotonic(), pressure()
        asyncio.run(measure(data, given.keys, given.seconds))
        share = (pressure() - waited) / (time.monotonic() - began)
        print(f"machine: {os.cpu_count()} cores; something waited for one {share:.0%} of the time")


if __name__ == "__main__":
    main()
