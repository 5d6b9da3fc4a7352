"""The review page as its tests use it: real pictures that wait for a person, a real server, people who log in."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import numpy as np
from aiohttp import test_utils
from PIL import Image, ImageDraw

from bot.clock import Clock, SystemClock
from bot.review.page.app import application
from bot.review.page.guard import OneTimeToken, Person
from bot.review.page.house import House
from bot.review.page.pictures import Pictures
from bot.settings import Engine, Settings
from bot.store.blobs import Blobs
from bot.store.thread import StoreThread
from detectors.evidence import Colour, Fingerprint, Mark, MediaEvidence
from tests.integration.judged import Square


def jpeg(number: int, size: tuple[int, int] = (320, 240)) -> bytes:
    """A picture like no other: its number, over a pattern of its own."""
    width, height = size
    wave = np.add.outer(np.arange(height) * (number % 7 + 1), np.arange(width) * (number % 11 + 1))
    rgb = np.stack([(wave // 4 + 40 * channel + number * 13) % 256 for channel in range(3)], axis=2)
    image = Image.fromarray(rgb.astype(np.uint8))
    ImageDraw.Draw(image).text((width // 3, height // 3), str(number), fill="white", font_size=height // 4)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue() + number.to_bytes(4)  # a decoder stops before it, a hash does not


def examined(data: bytes) -> MediaEvidence:
    """Evidence that no mark is in the picture, and that it resembles no other."""
    sha256 = hashlib.sha256(data).hexdigest()
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    return MediaEvidence(
        sha256=sha256,
        kind="image",
        format="jpeg",
        width=width,
        height=height,
        duration=None,
        marks=(Mark(name="mark", score=0.12, box=(width * 0.3, height * 0.3, width * 0.2, height * 0.2)),),
        colour=Colour(score=0.0, shares={}, adjacency=0.0),
        resemblances=(),
        fingerprints=(Fingerprint(pdq=sha256, orientations=(sha256,) * 8, phash="0" * 16, quality=99),),
        codes=(),
    )


def alike(data: bytes) -> MediaEvidence:
    """Evidence of a picture. 101 to 199 show one thing, and 101 the mark."""
    number = int.from_bytes(data[-4:])
    bits = f"{int('9e3779b97f4a7c15f39cc0605cedc834' * 2, 16) ^ (number % 100 << 8) ^ (number // 100 << 128):064x}"
    prints = (Fingerprint(pdq=bits, orientations=(bits,) * 8, phash="0" * 16, quality=99),)
    plain = examined(data)
    marks = (Mark(name="mark", score=0.99, box=(5.0, 5.0, 60.0, 60.0)),) if number == 101 else plain.marks
    return msgspec.structs.replace(plain, marks=marks, fingerprints=prints if number > 100 else plain.fingerprints)


def waiting(folder: Path, posts: int, **fields: Any) -> Square:
    """So many posts that wait: a picture each, no brand element in it."""
    square = Square(folder, examine=examined)
    for number in range(1, posts + 1):
        path = folder / f"{number}.jpg"
        path.write_bytes(jpeg(number))
        square.feed(str(number), f"u{number}", [path], **fields)
    square.judge()
    return square


class Visitor:
    """A browser without a screen: one person, logged in, with the token that their pages carry."""

    def __init__(self, client: aiohttp.ClientSession, base: str) -> None:
        self.client, self.base, self.csrf = client, base, ""

    async def enter(self, token: str) -> None:
        """Log in by a printed address."""
        async with self.client.get(f"{self.base}/login", params={"token": token}) as answer:
            assert answer.status == 200, answer.status
            self.csrf = (await answer.text()).partition('data-csrf="')[2].partition('"')[0]

    async def page(self, path: str) -> str:
        """A page that must be there."""
        async with self.client.get(self.base + path) as answer:
            assert answer.status == 200, (path, answer.status)
            return await answer.text()

    async def ask(self, path: str, **asked: Any) -> Any:
        """What the page's script would ask for."""
        async with self.client.post(self.base + path, json=asked, headers={"X-CSRF-Token": self.csrf}) as answer:
            assert answer.status == 200, (answer.status, await answer.text())
            return await answer.json()

    async def step(self, *acts: dict[str, Any], **asked: Any) -> Any:
        """Decide, and take the next posts."""
        return await self.ask("/api/step", acts=acts, **asked)


class Served:
    """A running page. ``invite`` lets somebody in, as ``gatewarden serve`` does for whoever starts it."""

    def __init__(self, base: str, house: House, stack: contextlib.AsyncExitStack) -> None:
        self.base, self.house, self._stack = base, house, stack

    def invite(self, name: str = "ann") -> str:
        """The address that logs in."""
        self.house.invitation = OneTimeToken(Person(name=name, role="lead"))
        return f"{self.base}/login?token={self.house.invitation.value}"

    async def visitor(self, name: str = "ann") -> Visitor:
        """Somebody who logged in."""
        self.invite(name)
        visitor = Visitor(await self.stranger(), self.base)
        await visitor.enter(self.house.invitation.value)
        return visitor

    async def stranger(self) -> aiohttp.ClientSession:
        """Somebody who did not."""
        jar = aiohttp.CookieJar(unsafe=True)
        return await self._stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))


@contextlib.asynccontextmanager
async def served(square: Square, clock: Clock | None = None) -> AsyncIterator[Served]:
    """The page over a square's posts, for as long as the block lasts. The square's store is closed with it."""
    store = StoreThread(square.store)
    try:
        with contextlib.closing(Pictures(Blobs(square.folder / "media"), Engine())) as pictures:
            invitation = OneTimeToken(Person(name="ann", role="lead"))
            settings = Settings(data=square.folder / "data")
            house = House(settings, store, square.campaign, pictures, clock or SystemClock(), invitation)
            async with (
                contextlib.AsyncExitStack() as stack,
                test_utils.TestServer(application(house), host="127.0.0.1") as server,
            ):
                yield Served(str(server.make_url("")).rstrip("/"), house, stack)
    finally:
        store.close()
