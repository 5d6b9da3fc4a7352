"""What happens on the simulated square and what is meant to come out, as values. Read from ``scenario.toml``."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from bot.campaign import Campaign
from bot.model import AccountType, Status
from detectors.evidence import Value

_FILE: Final = Path(__file__).with_name("scenario.toml")

Field = Literal[
    "created_at", "author", "author.verified", "author.person", "author.account_type", "author.region", "media"
]


class Account(Value):
    """One author. ``id``, ``person`` and ``region`` are made from the nickname where the scenario names none."""

    nickname: str = ""
    id: str = ""
    person: str = ""
    verified: bool = True
    account_type: AccountType = "main"
    region: str = ""


class Edit(Value):
    """What an edit changes, and when. None: not that."""

    at: dt.datetime
    text: str | None = None
    media: tuple[str, ...] | None = None


class Content(Value):
    """A post's words and pictures at one time. ``edited_at`` is None before its first edit."""

    text: str
    media: tuple[str, ...]
    edited_at: dt.datetime | None = None


class PlannedPost(Value):
    """One post: what it shows and when, who learns of it, and what is meant to come out.

    ``shown``: the public search finds it; ``told``: the operator's backend pushes it, without the fields in ``lacks``.
    ``notice``: its text is the campaign's own notice. ``code`` is the most decisive reason, None for "eligible";
    ``also`` are reasons that would do as well.
    ``limit``: where today's detectors fall short of what a person sees.
    """

    id: int
    group: str
    at: dt.datetime
    author: str
    text: str
    meant: Status
    why: str
    title: str = ""
    media: tuple[str, ...] = ()
    notice: bool = False
    shown: bool = True
    told: bool = True
    lacks: tuple[Field, ...] = ()
    edits: tuple[Edit, ...] = ()
    deleted: dt.datetime | None = None
    code: str | None = None
    also: tuple[str, ...] = ()
    limit: str | None = None

    def content(self, now: dt.datetime) -> Content:
        """Words and pictures as they stand at ``now``."""
        content = Content(text=self.text, media=self.media)
        for edit in self.edits:
            if edit.at <= now:
                content = Content(
                    text=content.text if edit.text is None else edit.text,
                    media=content.media if edit.media is None else edit.media,
                    edited_at=edit.at,
                )
        return content

    def gone(self, now: dt.datetime) -> bool:
        """Whether its author has deleted it by ``now``."""
        return self.deleted is not None and self.deleted <= now

    def changed(self, since: dt.datetime, until: dt.datetime) -> bool:
        """Whether it was posted, edited or deleted after ``since`` and by ``until``."""
        moments = (self.at, *(edit.at for edit in self.edits), *([self.deleted] if self.deleted else ()))
        return any(since < moment <= until for moment in moments)


class Act(Value):
    """A stretch of the story: the clock is set to ``at`` and the search is polled; with ``push`` the operator's backend
    then tells what is new to it."""

    title: str
    at: dt.datetime
    push: bool


class Scenario(Value):
    """The whole story: its acts in order, its posts in the order of the file."""

    acts: tuple[Act, ...]
    posts: tuple[PlannedPost, ...]
    authors: Mapping[str, Account]

    def account(self, nickname: str) -> Account:
        """All that the square knows of an author."""
        given = self.authors.get(nickname, Account())
        number = zlib.crc32(nickname.encode())
        latin = nickname.isascii()
        return msgspec.structs.replace(
            given,
            nickname=nickname,
            id=given.id or str(10_000_000 + number % 80_000_000),
            person=f"person-{zlib.crc32((given.person or nickname).encode()):08x}",
            region=given.region
            or (("US", "PT", "AE", "PL")[number % 4] if latin else ("CN", "HK", "MY", "SG")[number % 4]),
        )

    @property
    def pictures(self) -> tuple[str, ...]:
        """Every picture and video that some post shows at some time, once each."""
        shown = (
            name
            for post in self.posts
            for media in (post.media, *(e.media or () for e in post.edits))
            for name in media
        )
        return tuple(dict.fromkeys(shown))


def load_scenario(campaign: Campaign) -> Scenario:
    """The shipped scenario; where a post is the notice it has the campaign's own words."""
    scenario = msgspec.toml.decode(_FILE.read_bytes(), type=Scenario)
    words = campaign.notice.texts[0].strip() if campaign.notice.texts else ""
    posts = tuple(msgspec.structs.replace(post, text=words) if post.notice else post for post in scenario.posts)
    return msgspec.structs.replace(scenario, posts=posts)
