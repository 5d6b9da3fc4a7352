"""``shares``: which post on X belongs to which post on the square, how often it was seen, and who leads."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bot.cli.options import Place, as_json, by, language, place
from bot.cli.output import _, emit, progress, remark, say, styled, table
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.awards.joining import Entered
    from bot.awards.measuring import Measured
    from bot.awards.problems import Problem
    from bot.awards.shares import Imported
    from bot.reasons import Lang

_SHOWN = 40  # problems that an import shows; the list has all


def _columns(ctx: click.Context, option: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    """``FIELD=COLUMN`` options as a table."""
    found = dict(value.partition("=")[::2] for value in values)
    if len(found) != len(values) or not all(found.values()):
        raise click.BadParameter("write FIELD=COLUMN, each field once")
    unknown = [field for field in found if not re.fullmatch("post|x|author|user|views", field)]
    if unknown:
        raise click.BadParameter(f"no field {unknown[0]!r}; there are post, x, author, user and, for views, views")
    return found


FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
MAP = click.option(
    "--map",
    "columns",
    multiple=True,
    callback=_columns,
    metavar="FIELD=COLUMN",
    help="A column by its header, or by #N; may be repeated. Fields: post, x, author, user, views.",
)
POSTS = click.argument("posts", metavar="POST…", nargs=-1, required=True)
STRICT = click.option("--strict", is_flag=True, help="Exit 1 if anything is wrong with any row.")


@click.group()
def shares() -> None:
    """Count who shared their post to X, and how often that was seen.

    First "shares import" the questionnaire, then "shares fix-moment" once, then at that moment "shares measure" (or
    "shares import-views" where there is no token), then "shares leaderboard".
    """


@shares.command("import")
@FILE
@MAP
@STRICT
@language
@by
@as_json
@place(campaign=True)
def import_(
    place: Place, file: Path, columns: dict[str, str], strict: bool, lang: Lang, who: str, as_json: bool
) -> None:
    """Import the answers of the questionnaire, as CSV.

    Every row is joined to its post and author, or listed with its line and a reason; nothing is guessed. Columns are
    known by their names, Chinese or English; --map names others, and is remembered. The same file may be imported
    again, and a longer one too: what is known is not doubled.
    """
    from bot.awards.shares import import_questionnaire
    from bot.store.opening import opened

    with opened(place.settings) as store:
        came = import_questionnaire(store, place.campaign, _bytes(file), columns, who, _now())
    _tell_import(came, lang, _("{rows} rows: {joined} shares, {again} known before, {wrong} wrong"), as_json=as_json)
    if strict and came.problems:
        raise click.exceptions.Exit(1)


@shares.command("import-views")
@FILE
@click.option("--at", metavar="TIME", help="When the views were looked up. Default: now.")
@MAP
@STRICT
@language
@by
@as_json
@place(campaign=True)
def import_views(
    place: Place,
    file: Path,
    at: str | None,
    columns: dict[str, str],
    strict: bool,
    lang: Lang,
    who: str,
    as_json: bool,
) -> None:
    """Import views that somebody looked up on X, as CSV with the columns x and views."""
    from bot.awards.views_file import import_views
    from bot.store.opening import opened

    now = _now()
    moment = now if at is None else _instant(at, place)
    with opened(place.settings) as store:
        came = import_views(store, place.campaign, _bytes(file), columns, moment, who, now)
    _tell_import(came, lang, _("{rows} rows: {joined} counts, {again} repeated, {wrong} wrong"), as_json=as_json)
    if strict and came.problems:
        raise click.exceptions.Exit(1)


@shares.command("list")
@click.option("--problems", is_flag=True, help="What was wrong with the rows of an import instead.")
@click.option("--import", "number", type=click.IntRange(min=1), metavar="N", help="Of this import. Default: the last.")
@language
@as_json
@place(campaign=True)
def list_(place: Place, problems: bool, number: int | None, lang: Lang, as_json: bool) -> None:
    """List who shared which post with which post on X, or with --problems what was wrong with the rows of an import."""
    from bot.awards.links import XLink
    from bot.i18n import translator
    from bot.store.opening import reading

    with reading(place.settings) as store:
        if problems:
            imports = [i for i in store.shares.imports() if number in (None, i.id)]
            found = store.shares.problems(imports[-1].id) if imports else ()
            _print_problems(found, lang, as_json=as_json)
            return
        entered = [share for share in store.shares.entered() if number in (None, share.import_id)]
    links = {share.post_id: str(XLink(id=share.x_id)) for share in entered}
    if as_json:
        for share in entered:
            emit({
                "post_id": share.post_id, "author_id": share.author_id, "x_id": share.x_id, "x": links[share.post_id],
                "state": share.state, "status": share.status, "import": share.import_id, "line": share.line,
            })  # fmt: skip
        return
    states, status = _states(), translator(lang)
    rows = [(s.post_id, s.author_id, states[s.state], status(s.status or "unknown"), links[s.post_id]) for s in entered]
    table((_("post"), _("author"), _("share"), _("the post is"), _("on X")), rows)
    remark(_("{count} shares").format(count=len(entered)))


@shares.command()
@POSTS
@by
@as_json
@place()
def settle(place: Place, posts: tuple[str, ...], who: str, as_json: bool) -> None:
    """Decide that the post on X which several claim belongs to POST; the others have it no more."""
    from bot.awards.shares import settle
    from bot.store.opening import opened

    with opened(place.settings) as store:
        for post in posts:
            _tell_share(settle(store, post, who, _now()), as_json=as_json)


@shares.command()
@POSTS
@by
@as_json
@place()
def drop(place: Place, posts: tuple[str, ...], who: str, as_json: bool) -> None:
    """Decide that the share of POST does not count, whoever enters it again. "settle" takes it back."""
    from bot.awards.shares import drop
    from bot.store.opening import opened

    with opened(place.settings) as store:
        for post in posts:
            _tell_share(drop(store, post, who, _now()), as_json=as_json)


@shares.command("fix-moment")
@click.argument("time", metavar="TIME")
@by
@as_json
@place(campaign=True)
def fix_moment(place: Place, time: str, who: str, as_json: bool) -> None:
    """Fix when views on X count. Once, beforehand, for good.

    TIME as 2025-07-28T12:00:00+08:00; without a zone it is the campaign's. The campaign file may say it instead.
    """
    from bot.awards.shares import fix_moment
    from bot.store.opening import opened

    with opened(place.settings) as store:
        fixed = fix_moment(store, place.campaign, _instant(time, place), who, _now())
    moment = _time(fixed.at, place)
    if as_json:
        emit({"moment": moment, "fixed_at": _time(fixed.fixed_at, place), "who": fixed.who})
    else:
        minutes = place.campaign.awards.window_minutes
        told = _("views count as they stand at {moment}; measure then, or in the {minutes} minutes after it")
        say(told.format(moment=moment, minutes=minutes))


@shares.command()
@click.option("--wait", is_flag=True, help="Wait for the moment first.")
@click.option("--again", is_flag=True, help="Count also what needs no new count.")
@by
@as_json
@place(campaign=True)
def measure(place: Place, wait: bool, again: bool, who: str, as_json: bool) -> None:
    """Count the views of all shared posts on X, by its API.

    Needs a token: GATEWARDEN_X__TOKEN, or [x] token_file. Before the moment this is a rehearsal, once a day; from the
    moment on each post is counted once. What X charges is counted, and [x] budget is never exceeded. Interrupted, it
    goes on where it stood.
    """
    came = asyncio.run(_measure(place, who, wait=wait, again=again))
    if as_json:
        emit({**msgspec.to_builtins(came), "moment": None if came.moment is None else _time(came.moment, place)})
        return
    missing = "".join(f", {count} {code}" for code, count in sorted(came.missing.items()))
    told = _("{due} of {posts} posts asked for: {counted} counted{missing}")
    say(told.format(due=came.due, posts=came.posts, counted=came.counted, missing=missing))
    spent = _("{requests} requests, {charged} posts charged, ${cost}")
    remark(spent.format(requests=came.requests, charged=came.charged, cost=f"{came.cost:.3f}"))


async def _measure(place: Place, who: str, *, wait: bool, again: bool) -> Measured:
    from bot.awards.measuring import await_moment, measure
    from bot.awards.x_api import XApi
    from bot.clock import SystemClock
    from bot.store.opening import opened

    clock, prices = SystemClock(), place.settings.x
    with opened(place.settings) as store:
        async with XApi(prices, clock) as api:
            if wait:
                await await_moment(store, place.campaign, clock, who)
            with progress("posts") as done:
                return await measure(store, place.campaign, api, prices, clock, who, again=again, done=done)


@shares.command()
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most so many places.")
@click.option("--out", is_flag=True, help="Shares without a place instead, each with the reason.")
@language
@as_json
@place(campaign=True)
def leaderboard(place: Place, limit: int | None, out: bool, lang: Lang, as_json: bool) -> None:
    """Rank the shares by views at the moment that was fixed; before it, by the newest counts.

    All versions of an edited post are one. A person has one place, for their best share. Equal views share a rank;
    among them the earlier post on X stands first.
    """
    from bot.awards.links import XLink
    from bot.awards.problems import words
    from bot.awards.shares import leaderboard
    from bot.store.opening import reading

    with reading(place.settings) as store:
        board = leaderboard(store, place.campaign, _now())
        fixed = store.shares.moment(place.campaign.name)
    if out:
        rows = [(gone.post_id, gone.code, words(gone.code, lang), str(XLink(id=gone.x_id))) for gone in board.out]
        if as_json:
            for row in rows:
                emit(dict(zip(("post_id", "code", "message", "x"), row, strict=True)))
        else:
            table((_("post"), _("code"), _("why"), _("on X")), rows)
        return
    for p in board.places[:limit] if as_json else ():
        emit({
            "rank": p.rank, "tied": p.tied, "views": p.views, "post_id": p.post_id, "author_id": p.author_id,
            "x": str(XLink(id=p.chain)), "final": board.final,
            "moment": None if board.moment is None else _time(board.moment, place),
            "versions": [{"x_id": v.x_id, "views": v.views, "at": _time(v.at, place)} for v in p.versions],
        })  # fmt: skip
    if not as_json:
        places = [
            (f"{p.rank}{'=' if p.tied else ''}", p.views, p.post_id, p.author_id, str(XLink(id=p.chain)))
            for p in board.places[:limit]
        ]
        table((_("rank"), _("views"), _("post"), _("author"), _("on X")), places)
    if board.moment is None:
        state = _("provisional: no moment is fixed")
    else:
        state = _("final: views count at {moment}") if board.final else _("provisional: views count at {moment}")
        state = state.format(moment=_time(board.moment, place))
    remark(_("{state}; {places} places, {out} out").format(state=state, places=len(board.places), out=len(board.out)))
    if fixed is not None and fixed.fixed_at > fixed.at:
        late = _("the moment is on record only since {time}, which is after it")
        remark(late.format(time=_time(fixed.fixed_at, place)))
    if board.waiting:
        waiting = _("{count} of those out wait for a person: gatewarden shares leaderboard --out")
        remark(waiting.format(count=board.waiting))


def _bytes(file: Path) -> bytes:
    """A file, or as much of it as shows that it is too large."""
    from bot.awards.sheet import MOST_BYTES

    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _tell_import(came: Imported, lang: Lang, summary: str, *, as_json: bool) -> None:
    if as_json:
        emit({
            "import": came.id, "encoding": came.encoding, "columns": came.columns, "rows": came.rows,
            "joined": came.joined, "again": came.again, "wrong": came.wrong, "contested": came.contested,
            "problems": [_problem(problem, lang) for problem in came.problems],
        })  # fmt: skip
        return
    columns = ", ".join(_("{field} from {column}").format(field=f, column=repr(c)) for f, c in came.columns.items())
    remark(one_line(f"{came.encoding}; {columns}"))
    say(styled(summary.format(rows=came.rows, joined=came.joined, again=came.again, wrong=came.wrong), bold=True))
    if came.problems:
        _print_problems(came.problems[:_SHOWN], lang, as_json=False)
    if len(came.problems) > _SHOWN:
        remark(_("{count} more: gatewarden shares list --problems").format(count=len(came.problems) - _SHOWN))


def _print_problems(problems: Sequence[Problem], lang: Lang, *, as_json: bool) -> None:
    if as_json:
        for problem in problems:
            emit(_problem(problem, lang))
        return
    rows = [_problem(problem, lang) for problem in problems]
    table((_("line"), _("code"), _("what is wrong"), _("there stands")), [tuple(row.values()) for row in rows])


def _problem(problem: Problem, lang: Lang) -> dict[str, Any]:
    from bot.awards.problems import words

    return {
        "line": problem.line,
        "code": problem.code,
        "message": words(problem.code, lang),
        "told": problem.told or None,
    }


def _tell_share(share: Entered, *, as_json: bool) -> None:
    if as_json:
        emit({"post_id": share.post_id, "x_id": share.x_id, "author_id": share.author_id, "state": share.state})
    else:
        say(one_line(f"{share.post_id}  {_states()[share.state]}"))


def _states() -> dict[str, str]:
    return {"joined": _("counts"), "contested": _("contested"), "settled": _("settled"), "dropped": _("dropped")}


def _instant(text: str, place: Place) -> dt.datetime:
    from bot.posts.instants import parse_instant

    try:
        return parse_instant(text, place.campaign.tz)[0]
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: {error}") from error


def _time(moment: dt.datetime, place: Place) -> str:
    from bot.reports.export import rfc3339

    return rfc3339(moment, place.campaign.tz)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
