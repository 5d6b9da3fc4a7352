"""A made-up post that must always be flagged: proof that the deployed whole still works, from decoder to rules.

It travels through the real engine and the real rules but not into the store, so it never shows up among entries.
"""

from __future__ import annotations

import datetime as dt
import io

from PIL import Image

from bot.campaign import Campaign
from bot.engines import Engine
from bot.model import Author, Case, Interval, Looked, MediaRef, Post
from bot.rules import judge
from bot.store.blobs import Blobs
from detectors.evidence import MediaEvidence


def plain_picture() -> bytes:
    """A PNG of a grey slope: readable, and without any mark or brand colour."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((320, 240)).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


class Canary:
    """Examines and judges the made-up post."""

    def __init__(self, engine: Engine, blobs: Blobs, campaign: Campaign) -> None:
        self._engine, self._blobs, self._campaign = engine, blobs, campaign

    async def check(self, now: dt.datetime) -> str | None:
        """None where the post was flagged as it must be, else one line that says what came instead."""
        stored = self._blobs.put(plain_picture())
        examined = await self._engine.examine(self._blobs.path(stored.sha256))
        if not isinstance(examined, MediaEvidence):
            return f"the canary's picture could not be read: {examined.reason}"
        verdict = judge(Case(post=self._post(now), looked=(Looked(ref=_REF, result=examined),)), self._campaign)
        if verdict.status != "review" or all(f.code != "brand.absent" for f in verdict.findings):
            return f"the canary came out as {verdict.status}: {', '.join(f.code for f in verdict.findings)}"
        return None

    def _post(self, now: dt.datetime) -> Post:
        end = self._campaign.ends
        moment = now if end is None else min(now, end - dt.timedelta(seconds=1))
        at = Interval(earliest=moment, latest=moment)
        return Post(
            id="canary",
            revision=1,
            created_at=moment,
            edited_at=None,
            posted=at,
            edited=None,
            deleted=False,
            author=_AUTHOR,
            title="",
            text=f"#{self._campaign.hashtags[0]}# canary",
            text_entered=at,
            media=(_REF,),
            media_complete=True,
            entered=(at,),
            url=None,
            stats=None,
            sources=("canary",),
        )


_REF = MediaRef(type="image", path="canary.png")
_AUTHOR = Author(id="canary", verified=True, account_type="main")
