"""The story's shares: a questionnaire as people fill it in, a simulated X, and what the real commands make of both.

Every author whose post is meant to stand shares it; beside them stand answers that are wrong in ways people know. File,
import, measurement and leaderboard are those of ``gatewarden shares``.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import secrets
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from bot import settings as config
from bot.awards.leaderboard import Board
from bot.awards.measuring import Measured, measure
from bot.awards.shares import Imported, fix_moment, import_questionnaire, leaderboard
from bot.awards.x_api import XApi
from bot.campaign import Campaign
from bot.demo.scenario import PlannedPost, Scenario
from bot.demo.story_clock import StoryClock
from bot.demo.x import Posted, XServer
from bot.settings import Secret, Settings
from bot.store.opening import opened
from detectors.evidence import Value

FILE: Final = "questionnaire.csv"

_WHO: Final = "demo"
_HEADER: Final = ("序号", "您的 Gate UID（必填）", "Gate广场帖子链接（必填）", "推特(X)链接（必填）")
_MOMENT: Final = dt.timedelta(days=2, hours=12)  # after the campaign's end
_X_EPOCH_MS: Final = 1288834974657
_OUTAGE: Final = {2: 503}
_CELEBRITY: Final = "44196397"
_DAMAGED_UID: Final = "1.28733E+07"
_SQUARE: Final = (
    "https://www.gate.com/post/status/{}",
    "https://www.gate.com/zh/post/status/{}?ref=VLRN",
    "gate.io/post/status/{}",
)
_X: Final = ("https://x.com/a/status/{}?s=20", "https://twitter.com/a/status/{}", "https://x.com/i/web/status/{}")


class Answered(Value):
    """One answer, and the code that is meant to be told of it; None: it is joined."""

    author: str
    post: str
    x: str
    meant: str | None = None


class Shared(Value):
    """What came of it all. ``off``: lines of which something else came than was meant, or places out of order."""

    imported: Imported
    measured: Measured
    board: Board
    answers: int
    off: tuple[str, ...]


async def share(settings: Settings, campaign: Campaign, scenario: Scenario, clock: StoryClock) -> Shared:
    """Import the answers, fix the moment, measure at it and rank. The clock ends at the moment."""
    given = tuple(_answers(scenario, campaign))
    path = settings.data / FILE
    path.write_bytes(written(given))
    assert campaign.ends is not None
    moment = campaign.ends + _MOMENT
    with opened(settings) as store:
        imported = import_questionnaire(store, campaign, path.read_bytes(), {}, _WHO, clock.now())
        fix_moment(store, campaign, moment, _WHO, clock.now())
        clock.set_to(moment)
        posts, token = _posted(given), secrets.token_hex(16)
        server = XServer(posts.values(), clock, token, outage=_OUTAGE)
        async with server.listening():
            prices = config.X(host=server.url, token=Secret(token))
            async with XApi(prices, clock) as api:
                measured = await measure(store, campaign, api, prices, clock, _WHO)
        board = leaderboard(store, campaign, clock.now())
    off = (*_misread(given, imported), *_misranked(board, posts))
    return Shared(imported=imported, measured=measured, board=board, answers=len(given), off=off)


def written(given: tuple[Answered, ...]) -> bytes:
    """The questionnaire as Excel saves it in Chinese."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(_HEADER)
    rows.writerows((number, a.author, a.post, a.x) for number, a in enumerate(given, 1))
    return out.getvalue().encode("gb18030")


def _answers(scenario: Scenario, campaign: Campaign) -> Iterator[Answered]:
    """Everybody whose post stands, in one of the forms of links that people paste; then what is wrong."""
    assert campaign.ends is not None
    good = [post for post in scenario.posts if post.meant == "eligible" and post.told and "author" not in post.lacks]
    for number, post in enumerate(good):
        sound = _answer(scenario, post, campaign.ends)
        yield msgspec.structs.replace(
            sound,
            post=_SQUARE[number % len(_SQUARE)].format(post.id),
            x=_X[number % len(_X)].format(_x_id(post, campaign.ends)),
        )
    for post in scenario.posts:
        meant = {"window.late": "post.late", "post.deleted": "post.deleted"}.get(post.code or "")
        if meant is not None and post.told:
            yield _answer(scenario, post, campaign.ends, meant)
    if len(good) >= 2:
        yield from _wrong(scenario, good[0], good[1], campaign.ends)


def _wrong(scenario: Scenario, one: PlannedPost, two: PlannedPost, ends: dt.datetime) -> Iterator[Answered]:
    """Answers that people get wrong, or mean to."""
    sound, fresh = _answer(scenario, one, ends), _numbered(one.at + dt.timedelta(minutes=40), one.id)

    def but(meant: str, **cells: str) -> Answered:
        return msgspec.structs.replace(sound, meant=meant, **cells)

    late = _numbered(ends + dt.timedelta(minutes=3), one.id)
    yield but("twice.same")
    yield but("twice.post", x=f"https://x.com/a/status/{fresh}")
    yield but("author.other", author=scenario.account(two.author).id)
    yield but("author.damaged", author=_DAMAGED_UID)
    yield but("post.unknown", post="https://www.gate.com/post/status/99999999")
    yield but("post.not_a_post", post="https://www.gate.com/profile/mia")
    yield but("post.wrong_column", post=f"https://x.com/a/status/{fresh}")
    yield but("x.no_link", x="")
    yield but("x.short_link", x="https://t.co/AbCdEf1234")
    yield but("x.other_site", x=f"https://evil-twitter.com/a/status/{fresh}")
    yield but("x.not_a_link", x=f"https://x.com@evil.test/a/status/{fresh}")
    yield but("x.late", x=f"https://x.com/a/status/{late}")


def _answer(scenario: Scenario, post: PlannedPost, ends: dt.datetime, meant: str | None = None) -> Answered:
    """What the author of a post answers."""
    return Answered(
        author=scenario.account(post.author).id,
        post=f"https://www.gate.com/post/status/{post.id}",
        x=f"https://x.com/a/status/{_x_id(post, ends)}",
        meant=meant,
    )


def _x_id(post: PlannedPost, ends: dt.datetime) -> str:
    """The number of the post on X that an author shared with: half an hour after the post, but in the campaign."""
    return _numbered(min(post.at + dt.timedelta(minutes=30), ends - dt.timedelta(minutes=1)), post.id)


def _numbered(at: dt.datetime, number: int) -> str:
    return str((int(at.timestamp() * 1000) - _X_EPOCH_MS) << 22 | number % (1 << 22))


def _posted(given: tuple[Answered, ...]) -> Mapping[str, Posted]:
    """What X has of them: most as they are, some edited, some deleted or suspended, and some that are a celebrity's."""
    good = [a for a in given if a.meant is None]
    ids = [a.x.partition("?")[0].rpartition("/")[2] for a in good]
    posts = {}
    for number, (x_id, answer) in enumerate(zip(ids, good, strict=True)):
        link = None if number % 3 else answer.post
        posts[x_id] = Posted(id=x_id, pace=200 + zlib.crc32(x_id.encode()) % 5000, link=link)
    for number, x_id in enumerate(ids):
        if number % 11 == 4:
            versions = (x_id, str(int(x_id) + (90_000 << 22)))
            for version in versions:
                posts[version] = Posted(id=version, pace=posts[x_id].pace, versions=versions)
        elif number % 13 == 9:
            posts[x_id] = Posted(id=x_id, author_id=_CELEBRITY, text="gm", pace=1_000_000)
        elif number % 17 == 7:
            posts[x_id] = Posted(id=x_id, state="deleted")
        elif number % 17 == 12:
            posts[x_id] = Posted(id=x_id, state="suspended")
    return posts


def _misread(given: tuple[Answered, ...], imported: Imported) -> Iterator[str]:
    """Lines of which something else was told than was meant."""
    told = {problem.line: problem.code for problem in imported.problems}
    for line, answer in enumerate(given, 2):
        if told.get(line) != answer.meant:
            yield f"questionnaire line {line}: meant {answer.meant}, came {told.get(line)}"


def _misranked(board: Board, posts: Mapping[str, Posted]) -> Iterator[str]:
    """Places that the views on X do not bear out."""
    if not board.final:
        yield "the leaderboard is not final"
    for place in board.places:
        if posts[place.chain].author_id == _CELEBRITY:
            yield f"post {place.post_id}: a stranger's post on X is taken for its share"
        versions = posts[place.chain].versions or (place.chain,)
        least, most = (
            sum(posts[version].views(at) for version in versions)
            for at in (board.moment or place.versions[0].at, place.versions[-1].at)
        )
        if not least <= place.views <= most:
            yield f"post {place.post_id}: {place.views} views counted, {least} to {most} there"
