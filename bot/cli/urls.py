"""``check-url``: what the media fetcher would say of URLs. Resolves, dials nothing."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.options import Place, as_json, place
from bot.cli.output import emit, say
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.media.fetch import UrlVerdict

_AT_ONCE = 32


@click.command("check-url")
@click.argument("urls", nargs=-1, required=True, metavar="URL…")
@as_json
@place()
def check_url(place: Place, urls: tuple[str, ...], as_json: bool) -> None:
    """Say for each URL whether media may be fetched from it: yes, no, or unknown where its name does not resolve.

    With - the URLs are read from standard input, one a line, and answered in order, hopeless lines included.
    """
    asyncio.run(_check(place, _lines() if urls == ("-",) else iter(urls), as_json=as_json))


def _lines() -> Iterator[str]:
    for line in sys.stdin.buffer:
        yield line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")


async def _check(place: Place, urls: Iterator[str], *, as_json: bool) -> None:
    from bot.clock import SystemClock
    from bot.media.fetch import Fetcher
    from bot.store.blobs import Blobs

    with tempfile.TemporaryDirectory(prefix="gatewarden-") as folder:  # a fetcher wants a place; nothing comes to it
        fetcher = Fetcher(place.settings_only.fetch, Blobs(Path(folder)), SystemClock())
        try:
            while some := list(islice(urls, _AT_ONCE)):
                _tell(await asyncio.gather(*(fetcher.check(url) for url in some)), as_json=as_json)
        finally:
            await fetcher.close()


def _tell(verdicts: Iterable[UrlVerdict], *, as_json: bool) -> None:
    for verdict in verdicts:
        if as_json:
            emit({"url": verdict.url, "allowed": verdict.allowed, "reason": verdict.reason})
        else:
            word = {True: "yes", False: "no", None: "?"}[verdict.allowed]
            say(one_line(f"{word:<4} {verdict.url}" + (f"  {verdict.reason}" if verdict.reason else "")))
