"""Shares as an operator works with them: import a questionnaire, settle who owns a post on X, fix the moment.

Every change is one transaction with one event. What is decided here is computed in ``joining``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping

from bot.awards.joining import Entered, State, join, links
from bot.awards.leaderboard import Board, rank
from bot.awards.links import NoLink
from bot.awards.problems import Problem
from bot.awards.questionnaire import QUESTIONNAIRE, Answer, answers, find_columns, recalled, remembered
from bot.awards.sheet import Sheet, read_sheet
from bot.campaign import Campaign
from bot.errors import UserError
from bot.store import Store
from bot.store.shares import Moment
from detectors.evidence import Value


class Imported(Value):
    """What came of one file. ``rows``: all that were not blank. Every row is joined, known again, or has a problem;
    ``contested`` ones have a problem until a person settles them. ``columns``: what each was read from."""

    id: int
    encoding: str
    columns: dict[str, str]
    rows: int
    joined: int
    again: int
    contested: int
    problems: tuple[Problem, ...]

    @property
    def wrong(self) -> int:
        """Rows with a problem."""
        return len({problem.line for problem in self.problems})


class Shared(Value):
    """How one post's share on X stands. ``views``: what was counted last, None where nothing was; ``rank``, ``tied``:
    its place, only once the leaderboard is final; ``out``: the code that says why it has no place."""

    x_id: str
    state: State
    views: int | None
    counted_at: dt.datetime | None
    final: bool
    rank: int | None
    tied: bool
    out: str | None


def import_questionnaire(
    store: Store, campaign: Campaign, raw: bytes, named: Mapping[str, str], who: str, now: dt.datetime
) -> Imported:
    """Join the answers in a file. ``named``: columns by field, from the command line; they are saved for the next
    file. Raises UserError where the file is no table, ConfigError where a column is missing, and what ``moment_of``
    raises."""
    sheet = read_sheet(raw)
    with store.transaction():
        moment_of(store, campaign, who, now)  # what the campaign file says of it is on record from the first import on
        columns = find_columns(sheet.header, QUESTIONNAIRE, _named(sheet, store.shares.columns(), named))
        kept = {field: remembered(name, sheet.header) for field, name in named.items() if field in columns}
        store.shares.save_columns(kept)
        given = list(answers(sheet, columns))
        joined = join(
            given,
            store.shares.known(_post_ids(given, campaign)),
            store.shares.persons({answer.author for answer in given}),
            store.shares.standing(),
            campaign,
            now,
        )
        problems = tuple(sorted((*sheet.problems, *joined.problems), key=lambda problem: problem.line))
        clear = sum(share.post_id not in joined.contested for share in joined.shares)
        rows = len(sheet.rows) + len(sheet.problems)
        digest = hashlib.sha256(raw).hexdigest()
        number = store.shares.begin("questionnaire", digest, (rows, clear, len(joined.again)), who, now)
        store.shares.add(number, joined)
        store.shares.note_problems(number, _with_names(problems, given, campaign))
        fact = {"import": number, "sha256": digest, "rows": rows, "joined": clear, "again": len(joined.again),
                "problems": dict(Counter(problem.code for problem in problems)), "who": who}  # fmt: skip
        store.shares.log("shares.imported", now, fact)
    return Imported(
        id=number,
        encoding=sheet.encoding,
        columns={field: sheet.header.cells[column] for field, column in columns.items()},
        rows=rows,
        joined=clear,
        again=len(joined.again),
        contested=len(joined.contested),
        problems=problems,
    )


def settle(store: Store, post_id: str, who: str, now: dt.datetime) -> Entered:
    """Decide that a post on X belongs to this post: whoever else claims it has it no more. Raises UserError."""
    return _decide(store, post_id, who, now, stands=True)


def drop(store: Store, post_id: str, who: str, now: dt.datetime) -> Entered:
    """Decide that a share does not count, whoever enters it again. Raises UserError."""
    return _decide(store, post_id, who, now, stands=False)


def fix_moment(store: Store, campaign: Campaign, moment: dt.datetime, who: str, now: dt.datetime) -> Moment:
    """Fix when views count, once and beforehand. Raises UserError."""
    with store.transaction():
        fixed = store.shares.moment(campaign.name)
        given = campaign.awards.moment
        if fixed is not None:
            raise UserError(
                "the moment was fixed on {time} and stays", time=fixed.fixed_at.astimezone(campaign.tz).isoformat()
            )
        if given is not None and given != moment:
            raise UserError(
                "the campaign file fixes the moment: {time}", time=given.astimezone(campaign.tz).isoformat()
            )
        if moment <= now:
            raise UserError("the moment must lie ahead: views are not chosen after they were seen")
        if campaign.ends is not None and moment < campaign.ends:
            raise UserError("the moment must not lie before the campaign's end")
        store.shares.fix_moment(campaign.name, moment, who, now)
        return Moment(at=moment, fixed_at=now, who=who)


def moment_of(store: Store, campaign: Campaign, who: str, now: dt.datetime) -> Moment | None:
    """When views count: as fixed before, else as the campaign file says, which is recorded with this. In the caller's
    transaction. Raises UserError where the file says another moment than the one that was fixed."""
    fixed, given = store.shares.moment(campaign.name), campaign.awards.moment
    if fixed is None and given is not None:
        store.shares.fix_moment(campaign.name, given, who, now)
        return Moment(at=given, fixed_at=now, who=who)
    if fixed is not None and given is not None:
        _agree(campaign, fixed, given)
    return fixed


def _agree(campaign: Campaign, fixed: Moment, given: dt.datetime) -> None:
    if given != fixed.at:
        raise UserError(
            "the campaign file says that views count at {time}, but {before} was fixed before and stays",
            time=given.astimezone(campaign.tz).isoformat(),
            before=fixed.at.astimezone(campaign.tz).isoformat(),
        )


def leaderboard(store: Store, campaign: Campaign, now: dt.datetime) -> Board:
    """Who stands where, from what was counted. Raises UserError where the campaign file contradicts the moment that was
    fixed."""
    fixed, given = store.shares.moment(campaign.name), campaign.awards.moment
    if fixed is not None and given is not None:
        _agree(campaign, fixed, given)
    moment = given if fixed is None else fixed.at
    shares = store.shares
    counts = shares.counts(until=now)
    return rank(shares.entered(), shares.chains(), counts, moment, window(campaign), now, shares.said())


def share_of(store: Store, campaign: Campaign, post_id: str, now: dt.datetime) -> Shared | None:
    """How a post's share stands; None where nobody entered one. Raises what ``leaderboard`` raises."""
    share = next((share for share in store.shares.entered() if share.post_id == post_id), None)
    if share is None:
        return None
    board = leaderboard(store, campaign, now)
    place = next((place for place in board.places if place.post_id == post_id), None)
    out = next((gone.code for gone in board.out if gone.post_id == post_id), None)
    views, counted_at = _last_counted(store, share.x_id, now)
    if place is not None:
        views, counted_at = place.views, max(version.at for version in place.versions)
    return Shared(
        x_id=share.x_id,
        state=share.state,
        views=views,
        counted_at=counted_at,
        final=board.final,
        rank=place.rank if place is not None and board.final else None,
        tied=place is not None and board.final and place.tied,
        out=out,
    )


def _last_counted(store: Store, x_id: str, now: dt.datetime) -> tuple[int | None, dt.datetime | None]:
    """The newest views of all versions of a post on X together, and when the last of them was counted."""
    chains = store.shares.chains()
    chain = chains.get(x_id, x_id)
    newest = {
        count.x_id: count
        for count in store.shares.counts(until=now)
        if count.views is not None and chains.get(count.x_id, count.x_id) == chain
    }
    if not newest:
        return None, None
    return sum(count.views or 0 for count in newest.values()), max(count.at for count in newest.values())


def window(campaign: Campaign) -> dt.timedelta:
    """How long after the moment a count still stands for it."""
    return dt.timedelta(minutes=campaign.awards.window_minutes)


def _decide(store: Store, post_id: str, who: str, now: dt.datetime, *, stands: bool) -> Entered:
    with store.transaction():
        entered = {share.post_id: share for share in store.shares.entered()}
        share = entered.get(post_id)
        if share is None:
            raise UserError("no share of post {post_id}; gatewarden shares list shows what there is", post_id=post_id)
        if stands:
            for rival in entered.values():
                if rival.x_id == share.x_id and rival.post_id != post_id:
                    store.shares.set_state(rival.post_id, "dropped")
        store.shares.set_state(post_id, "settled" if stands else "dropped")
        store.shares.log("share.settled" if stands else "share.dropped", now, {"who": who}, subject=post_id)
        return next(share for share in store.shares.entered() if share.post_id == post_id)


def _named(sheet: Sheet, saved: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str]:
    """Columns named now, and those named for an earlier file where this one has them."""
    there = {field: recalled(name, sheet.header) for field, name in saved.items()}
    return {**{field: column for field, column in there.items() if column is not None}, **named}


def _post_ids(given: list[Answer], campaign: Campaign) -> set[str]:
    squares = (links(answer, campaign)[0] for answer in given)
    return {square.id for square in squares if not isinstance(square, NoLink)}


def _with_names(
    problems: tuple[Problem, ...], given: list[Answer], campaign: Campaign
) -> list[tuple[Problem, str | None, str | None]]:
    """Each problem with the account and the post of its line, by which it can be forgotten."""
    by_line = {answer.line: answer for answer in given}
    named = []
    for problem in problems:
        answer = by_line.get(problem.line)
        square = None if answer is None else links(answer, campaign)[0]
        post_id = None if square is None or isinstance(square, NoLink) else square.id
        named.append((problem, None if answer is None else answer.author or None, post_id))
    return named
