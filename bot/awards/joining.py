"""Answers joined to posts and their authors: each becomes a share, or is told what is wrong with it. Pure.

Nothing is guessed. Where two people claim one post on X, neither has it until a person decides; where one person
answers twice, the first answer stands.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

from bot.awards.links import NoLink, SquareLink, XLink, square_link, time_of, x_link
from bot.awards.problems import Problem
from bot.awards.questionnaire import Answer
from bot.campaign import Campaign
from bot.model import Status
from detectors.evidence import Value

_DAMAGED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]+|[0-9]+[.,]0+")
_HANDLE: Final = re.compile(r"@?([A-Za-z0-9_]{1,20})")
_SKEW: Final = dt.timedelta(minutes=5)  # between X's clock and ours

State = Literal["joined", "contested", "settled", "dropped"]
"""How a share stands: counted; claimed by several, so not counted; counted or not counted because a person said so."""


class Known(Value):
    """What is known of a post. ``status`` is None where it was not judged yet; ``codes``: what the rules found."""

    author_id: str | None
    person: str | None
    status: Status | None
    codes: frozenset[str] = frozenset()


class Share(Value):
    """A post on the square and the post on X that it was shared with. ``owner``: the verified person behind the
    author's account, else the account."""

    post_id: str
    x_id: str
    author_id: str
    owner: str
    line: int


class Standing(Value):
    """A share of an earlier import."""

    x_id: str
    owner: str
    state: State


class Entered(Value):
    """A share as it stands in the store, with how its post does; ``status`` is None where nothing is known of it."""

    post_id: str
    x_id: str
    author_id: str
    owner: str
    state: State
    status: Status | None
    line: int
    import_id: int


class Joined(Value):
    """What became of a questionnaire: every answer is in exactly one of ``shares`` (new ones), ``again`` (lines that an
    earlier import has) and the lines of ``problems``; a contested one is in ``shares`` and ``problems``.
    ``contested``: posts on the square whose post on X several people claim, those of earlier imports included."""

    shares: tuple[Share, ...]
    again: tuple[int, ...]
    problems: tuple[Problem, ...]
    contested: frozenset[str]


def links(answer: Answer, campaign: Campaign) -> tuple[SquareLink | NoLink, XLink | NoLink]:
    """What both cells of an answer name."""
    mirrors = campaign.awards.mirrors
    return square_link(answer.post, mirrors), x_link(answer.x, mirrors)


def join(
    answers: Iterable[Answer],
    known: Mapping[str, Known],
    persons: Mapping[str, str],
    standing: Mapping[str, Standing],
    campaign: Campaign,
    now: dt.datetime,
) -> Joined:
    """Join answers, in the order of their lines. ``known``: posts by id; ``persons``: the person behind an account;
    ``standing``: shares of earlier imports by post. ``now``: aware."""
    problems, again, shares = list[Problem](), dict[str, int](), dict[str, Share]()
    claims: dict[str, list[tuple[str, str]]] = {}  # per post on X: who claims it, with which post
    for post_id, stands in standing.items():
        if stands.state != "dropped":
            claims.setdefault(stands.x_id, []).append((stands.owner, post_id))
    settled = {stands.x_id: stands.owner for stands in standing.values() if stands.state == "settled"}
    for answer in answers:
        square, x = links(answer, campaign)
        found = list(_wrong(answer, square, x, known, persons, campaign, now))
        if found or isinstance(square, NoLink) or isinstance(x, NoLink):
            problems += found
            continue
        share = _share(answer, square, x, known[square.id])
        earlier = standing.get(square.id)
        if earlier is not None and earlier.x_id == x.id and again.setdefault(square.id, answer.line) == answer.line:
            continue
        twice = _twice(share, shares, again, earlier, claims)
        if twice is None and settled.get(x.id, share.owner) != share.owner:
            twice = Problem(line=answer.line, code="x.contested", told="decided already")
        if twice is not None:
            problems.append(twice)
            continue
        shares[share.post_id] = share
        claims.setdefault(x.id, []).append((share.owner, share.post_id))
    disputed = {x_id for x_id, by in claims.items() if len({owner for owner, _ in by}) > 1}
    contested = frozenset(post_id for x_id in disputed for _, post_id in claims[x_id])
    problems += [
        Problem(line=share.line, code="x.contested", told=f"{len(claims[share.x_id])} posts claim it")
        for share in shares.values()
        if share.x_id in disputed
    ]
    return Joined(
        shares=tuple(shares.values()),
        again=tuple(again.values()),
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
        contested=contested,
    )


def _wrong(
    answer: Answer,
    square: SquareLink | NoLink,
    x: XLink | NoLink,
    known: Mapping[str, Known],
    persons: Mapping[str, str],
    campaign: Campaign,
    now: dt.datetime,
) -> Iterator[Problem]:
    """All that is wrong with one answer by itself."""
    line = answer.line
    if isinstance(square, NoLink):
        yield Problem(line=line, code=f"post.{square.fault}", told=_told(answer.post))
    if not answer.author:
        yield Problem(line=line, code="author.missing")
    elif _DAMAGED.fullmatch(answer.author):
        yield Problem(line=line, code="author.damaged", told=_told(answer.author))
    elif isinstance(square, SquareLink):
        yield from _wrong_post(answer, square.id, known.get(square.id), persons)
    if isinstance(x, NoLink):
        yield Problem(line=line, code=f"x.{x.fault}", told=_told(answer.x))
    else:
        yield from _wrong_x(answer, x, campaign, now)


def _wrong_post(answer: Answer, post_id: str, post: Known | None, persons: Mapping[str, str]) -> Iterator[Problem]:
    if post is None or post.status is None:
        yield Problem(line=answer.line, code="post.unknown" if post is None else "post.waiting", told=post_id)
        return
    if post.author_id is None:
        yield Problem(line=answer.line, code="author.unknown", told=post_id)
    elif answer.author != post.author_id and (post.person is None or persons.get(answer.author) != post.person):
        yield Problem(line=answer.line, code="author.other", told=_told(answer.author))
    if post.status == "withdrawn":
        yield Problem(line=answer.line, code="post.deleted", told=post_id)
    elif post.status != "eligible":  # a person may have let a post in all the same
        for code in ("early", "late"):
            if f"window.{code}" in post.codes:
                yield Problem(line=answer.line, code=f"post.{code}", told=post_id)


def _wrong_x(answer: Answer, x: XLink, campaign: Campaign, now: dt.datetime) -> Iterator[Problem]:
    made = time_of(x.id)
    told = made.astimezone(campaign.tz).isoformat(timespec="seconds")
    if made > now + _SKEW:
        yield Problem(line=answer.line, code="x.future", told=told)
    elif campaign.ends is not None and made >= campaign.ends:
        yield Problem(line=answer.line, code="x.late", told=told)
    elif campaign.starts is not None and made < campaign.starts:
        yield Problem(line=answer.line, code="x.early", told=told)
    handle = _HANDLE.fullmatch(answer.user)
    if handle is not None and x.user is not None and handle[1].lower() != x.user:
        yield Problem(line=answer.line, code="x.other_user", told=_told(f"{answer.user} / {x.user}"))


def _share(answer: Answer, square: SquareLink, x: XLink, post: Known) -> Share:
    assert post.author_id is not None, "checked before"
    return Share(
        post_id=square.id,
        x_id=x.id,
        author_id=post.author_id,
        owner=post.person or post.author_id,
        line=answer.line,
    )


def _twice(
    share: Share,
    shares: Mapping[str, Share],
    again: Mapping[str, int],
    standing: Standing | None,
    claims: Mapping[str, list[tuple[str, str]]],
) -> Problem | None:
    """What an answer repeats of an earlier one, of this file or another."""
    earlier = shares.get(share.post_id)
    if earlier is not None:
        code = "twice.same" if earlier.x_id == share.x_id else "twice.post"
        return Problem(line=share.line, code=code, told=f"line {earlier.line}")
    if standing is not None and standing.x_id == share.x_id:
        return Problem(line=share.line, code="twice.same", told=f"line {again[share.post_id]}")
    if standing is not None and standing.state != "dropped":
        return Problem(line=share.line, code="twice.post", told=f"shared before with {standing.x_id}")
    own = next((post_id for owner, post_id in claims.get(share.x_id, ()) if owner == share.owner), None)
    return None if own is None else Problem(line=share.line, code="twice.x", told=own)


def _told(cell: str) -> str:
    return cell[:100]
