"""Draws ``page.jpg``, ``sheet.jpg`` and ``page-dark-zh.jpg``: the review page in Chromium, on the demo's data.

gatewarden demo --data .demo && python -m docs.pictures.page .demo

Needs Chromium and fonts for Latin and Chinese (Debian: chromium, fonts-dejavu-core, fonts-noto-cjk). Claims posts as
whoever looks does, and decides nothing.
"""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

from PIL import Image

from bot.campaign import load_campaign
from bot.clock import SystemClock
from bot.review.page.app import serving
from bot.review.page.guard import Person
from bot.settings import Serve, Settings
from tests.chromium import Page, chromium

HERE = Path(__file__).parent
POST = "12872980"  # of the demo: a part of another's picture
ITEM = "document.querySelector('#desk .item') !== null && !document.body.classList.contains('waiting-next')"


async def draw(data: Path) -> None:
    """Serve, look, keep what was seen."""
    settings = Settings(data=data, serve=Serve(port=0))
    ana = Person(name="ana", role="lead")
    async with serving(settings, load_campaign(), SystemClock(), ana) as (address, invited), chromium() as page:
        await page.window(1360, 850)
        await page.goto(f"{address}/login?token={invited.value}")
        await page.goto(f"{address}/review?q=reason:duplicate.partial")
        await page.until(ITEM)
        while await page.value("document.querySelector('#desk .item').dataset.post") != POST:
            await page.press("space")
            await asyncio.sleep(1)
        await page.press("d")
        await page.until("document.querySelector('.pair') !== null")
        await keep(page, "page.jpg")
        await page.goto(f"{address}/sheet?q=reason:brand")
        await page.until("document.querySelector('.cardlet') !== null")
        await page.press("space")
        await page.press("ArrowRight")
        await keep(page, "sheet.jpg")
        await page.window(1360, 850, dark=True)
        await page.send("Network.setCookie", name="lang", value="zh", url=address)
        await page.goto(f"{address}/review?q=reason:hashtag.lookalike")
        await page.until(ITEM)
        await keep(page, "page-dark-zh.jpg")


async def keep(page: Page, name: str) -> None:
    """Write what is drawn."""
    await asyncio.sleep(4)  # what was said goes away by itself
    with Image.open(io.BytesIO(await page.picture())) as image:
        image.convert("RGB").save(HERE / name, quality=86, subsampling=0, optimize=True)


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1])))
