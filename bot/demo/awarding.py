"""The story's end: judges score, two parties draw, winners are frozen and published, and the evidence is checked.

The judges' taste is made up; the steps are those of ``gatewarden judge``, ``draw`` and ``winners``.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import shutil
import sys
import zlib
from pathlib import Path
from typing import Final

from bot.awards import drawing
from bot.awards.allocation import Tier
from bot.awards.leaderboard import FOR_PEOPLE
from bot.awards.panel import Panel
from bot.awards.randomness import Reveals, parties, promise
from bot.awards.release import release, write
from bot.awards.shares import drop, leaderboard
from bot.awards.winners import Awarding, Proposal
from bot.campaign import Campaign
from bot.demo.story_clock import StoryClock
from bot.settings import Settings
from bot.store import Store
from bot.store.opening import opened
from detectors.evidence import Value

FOLDER: Final = "winners"

_WHO: Final = "demo"
_JUDGES: Final = ("ada", "ben", "cho")
_PARTIES: Final = ("club", "square")
_WAIT: Final = dt.timedelta(hours=1, minutes=1)


class Awarded(Value):
    """How the story ended. ``moved``: how many places a late disqualification changed; ``verified``: what the shipped
    verifier printed, None where it refused."""

    scores: int
    listed: int
    drawn: int
    tiers: tuple[Tier, ...]
    confirmed: int
    moved: int
    verified: str | None


async def award(settings: Settings, campaign: Campaign, clock: StoryClock) -> Awarded:
    """From eligible posts to published winners, in the folder ``winners`` of the data directory."""
    with opened(settings) as store:
        scores = _judge(store, campaign, clock)
        listed, drawn = _draw(store, campaign, clock)
        confirmed = _settle(store, campaign, clock)
        with store.transaction():
            awarding = Awarding(store, campaign, clock.now())
            winners = [award.post_id for tier in awarding.freeze(_WHO).tiers for award in tier.awards]
            moved = awarding.disqualify(winners[0], "content.stolen", None, _WHO, person=True)
            _settle_now(awarding, awarding.proposal())
            it = awarding.proposal()
            files, digest = release(store, campaign, it, "masked")
            awarding.published(digest, _WHO)
    folder = settings.data / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    write(folder, files)
    return Awarded(
        scores=scores,
        listed=listed,
        drawn=drawn,
        tiers=it.tiers,
        confirmed=confirmed,
        moved=len(moved),
        verified=await _verified(folder, digest),
    )


def _judge(store: Store, campaign: Campaign, clock: StoryClock) -> int:
    """Every judge scores until nothing is left. Returns how many scores were given."""
    count = 0
    with store.transaction():
        panel = Panel(store, campaign)
        for judge in _JUDGES:
            panel.add(judge, None, clock.now())
        busy = list(_JUDGES)
        while busy:
            judge = busy.pop(0)
            found = panel.next(judge, clock.now())
            if found is not None:
                code = panel.code(found, judge)
                panel.score(code, _marks(campaign, judge, found.post_id), judge, clock.now())
                count += 1
                busy.append(judge)
    return count


def _marks(campaign: Campaign, judge: str, post_id: str) -> dict[str, int]:
    """A taste: what the post is worth, and how the judge deviates."""
    worth = {name: 2 + zlib.crc32(f"{post_id} {name}".encode()) % 7 for name in campaign.rubric}
    return {name: min(10, w + zlib.crc32(f"{judge} {post_id}".encode()) % 3) for name, w in worth.items()}


def _draw(store: Store, campaign: Campaign, clock: StoryClock) -> tuple[int, int]:
    """Two parties promise, and reveal an hour later. Returns how many posts were listed, and how many drew."""
    told = Reveals(reveals={name: secrets.token_hex(32) for name in _PARTIES})
    promises = {name: promise(name, secret) for name, secret in told.reveals.items()}
    with store.transaction():
        source = parties(promises, clock.now(), None)
        made = drawing.commit(store, campaign, source, ("waiting", "nameless"), _WHO, clock.now()).commitment
    clock.set_to(clock.now() + _WAIT)
    with store.transaction():
        drawing.hold(store, campaign.name, told, _WHO, clock.now())
    return made.entries, made.drawn_from


def _settle(store: Store, campaign: Campaign, clock: StoryClock) -> int:
    """A moderator drops the shares that wait for a decision, opens each winner's post, and says who it is where nobody
    did. Returns for how many."""
    confirmed = 0
    for gone in leaderboard(store, campaign, clock.now()).out:
        if gone.code in FOR_PEOPLE:
            drop(store, gone.post_id, _WHO, clock.now())
    with store.transaction():
        awarding = Awarding(store, campaign, clock.now())
        while True:  # confirming one may bring in another
            count = _settle_now(awarding, awarding.proposal())
            confirmed += count
            if not count:
                return confirmed


def _settle_now(awarding: Awarding, it: Proposal) -> int:
    """Settle what stands in the way just now; returns how many people were confirmed."""
    open_ = {code: {p.about for p in it.problems if p.code == code} for code in {p.code for p in it.problems}}
    awarding.tick(sorted(open_.get("post.unchecked", ())), "person", _WHO)
    unknown = sorted(open_.get("person.unconfirmed", set()) | open_.get("region.unknown", set()))
    for post_id in unknown:
        person = f"confirmed-{post_id}" if post_id in open_.get("person.unconfirmed", ()) else None
        awarding.confirm(post_id, person, "CN", _WHO)
    return len(unknown)


async def _verified(folder: Path, digest: str) -> str | None:
    """What the shipped verifier says, as a program of its own that sees nothing of ours."""
    program = [sys.executable, "-I", str(folder / "evidence" / "verify_winners.py"), "--published", digest]
    run = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    said, _ = await run.communicate()
    return said.decode().strip() if run.returncode == 0 else None
