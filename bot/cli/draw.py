"""``draw``: commit to the entries, hold the draw, publish both, and tell each author where they stand."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.options import Place, as_json, by, place
from bot.cli.output import _, columns, emit, remark, say
from bot.errors import UserError
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.awards.drawing import LeaveOut
    from bot.awards.randomness import Source, Told
    from bot.store.awards import Draw

OUT = click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write what is published."
)


def _pairs(ctx: click.Context, option: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` options as a table."""
    found = dict(value.partition("=")[::2] for value in values)
    if len(found) != len(values) or not all(found.values()):
        raise click.BadParameter("write NAME=VALUE, each name once")
    return found


@click.group()
def draw() -> None:
    """Draw winners so that anybody can check it.

    First "draw commit" freezes the entries and says which randomness will decide; publish that. An hour later or more,
    "draw hold" fetches the randomness and ranks all entries. Neither can be done twice.
    """


@draw.command()
@click.option("--at", metavar="TIME", help="When the randomness comes: an hour from now (the default) or later.")
@click.option(
    "--party", "parties", multiple=True, callback=_pairs, metavar="NAME=SHA256", help="No drand: a party's promise."
)
@click.option(
    "--leave-out",
    multiple=True,
    type=click.Choice(["waiting", "nameless"]),
    help="Go on without posts that wait for a person, or whose author is not known.",
)
@OUT
@by
@as_json
@place(campaign=True)
def commit(
    place: Place,
    at: str | None,
    parties: dict[str, str],
    leave_out: tuple[LeaveOut, ...],
    output: Path | None,
    who: str,
    as_json: bool,
) -> None:
    """Freeze the entries and announce the randomness. Publish what is written, at once.

    The randomness is a round of drand that nobody can know yet or, with --party twice or more, what these parties will
    reveal; "draw secret" makes a promise.
    """
    from bot.awards import drawing
    from bot.store.opening import opened

    now = _now()
    moment = None if at is None else _instant(at, place)
    with opened(place.settings) as store, store.transaction():
        it = drawing.commit(store, place.campaign, _source(place, parties, now, moment), leave_out, who, now)
    _tell(it, as_json=as_json)
    _write(it, output)


@draw.command()
@click.option(
    "--beacon", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="A fetched drand round."
)
@click.option(
    "--reveal", "reveals", multiple=True, callback=_pairs, metavar="NAME=SECRET", help="What a party reveals."
)
@OUT
@by
@as_json
@place(campaign=True)
def hold(
    place: Place, beacon: Path | None, reveals: dict[str, str], output: Path | None, who: str, as_json: bool
) -> None:
    """Rank all entries by the announced randomness. Once: there is no second draw.

    Fetches drand's round from the hosts in [draw] hosts; --beacon reads it from a file instead. Either way drand's
    network must have signed it.
    """
    from bot.awards import drawing
    from bot.store.opening import opened

    with opened(place.settings) as store:
        with store.transaction():
            waiting = drawing.waiting(store, place.campaign.name, _now())
        told = _told(place, waiting.commitment.randomness, beacon, reveals)
        with store.transaction():
            it = drawing.hold(store, place.campaign.name, told, who, _now())
    _tell(it, as_json=as_json)
    _write(it, output)


@draw.command("show")
@OUT
@as_json
@place(campaign=True)
def show_(place: Place, output: Path | None, as_json: bool) -> None:
    """Say how the draw stands; with -o, write what is published again."""
    it = _stored(place)
    _tell(it, as_json=as_json)
    _write(it, output)


@draw.command()
@click.argument("posts", nargs=-1, metavar="[POST…]")
@click.option("--json", is_flag=True, expose_value=False, help="It is JSON Lines anyway.")
@place(campaign=True)
def receipt(place: Place, posts: tuple[str, ...]) -> None:
    """Print, as JSON Lines, what authors need to find their entries in the published list; for all posts if none is
    named.

    Give each to its author alone: with it anybody can tell which entry is theirs.
    """
    from bot.awards import drawing

    found = {row["post_id"]: row for row in drawing.receipts(_stored(place))}
    if missing := [post for post in posts if post not in found]:
        raise UserError("not in the list of the draw: {names}", names=", ".join(missing))
    for post in posts or found:
        emit(found[post])


@draw.command()
@click.argument("name", metavar="NAME")
@as_json
def secret(name: str, as_json: bool) -> None:
    """Make a party's secret and the promise of it. Publish the promise now, and reveal the secret after the hour."""
    from bot.awards.randomness import promise

    made = secrets.token_hex(32)
    if as_json:
        emit({"name": name, "secret": made, "promise": promise(name, made)})
    else:
        say(one_line(_("secret, to be kept until the draw: {option}").format(option=f"--reveal {name}={made}")))
        told = f"--party {name}={promise(name, made)}"
        say(one_line(_("promise, for draw commit:          {option}").format(option=told)))


@draw.command()
@as_json
@place()
def hosts(place: Place, as_json: bool) -> None:
    """Ask drand's hosts who they are: do they answer, with the key and times that we hold? Try it before a draw."""
    from bot.awards.beacon import chain_of
    from bot.awards.drand import compare

    settings = place.settings_only.draw
    found = asyncio.run(compare(settings.hosts, chain_of(settings)))
    for host, problem in found.items():
        if as_json:
            emit({"host": host, "ok": problem is None, "problem": problem})
        else:
            say(one_line(f"{host}  {_('sound') if problem is None else problem}"))
    if all(found.values()):
        raise UserError("no host is sound: see [draw] hosts, or draw with --party")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _instant(text: str, place: Place) -> dt.datetime:
    from bot.posts.instants import parse_instant

    try:
        return parse_instant(text, place.campaign.tz)[0]
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no time: {error}", param_hint="--at") from None


def _source(place: Place, parties: dict[str, str], now: dt.datetime, at: dt.datetime | None) -> Source:
    from bot.awards.beacon import chain_of
    from bot.awards.randomness import drand_round
    from bot.awards.randomness import parties as between

    return between(parties, now, at) if parties else drand_round(chain_of(place.settings.draw), now, at)


def _told(place: Place, source: Source, beacon: Path | None, reveals: dict[str, str]) -> Told:
    """What decides, from where the options say."""
    from bot.awards.beacon import DrandRound
    from bot.awards.drand import fetch_round
    from bot.awards.randomness import Reveals, decode_told

    if isinstance(source, DrandRound):
        if reveals:
            raise UserError("this draw waits for a round of drand, not for secrets")
        if beacon is not None:
            return decode_told(source, _content(beacon))
        return asyncio.run(fetch_round(place.settings.draw.hosts, source))
    if beacon is not None:
        raise UserError("this draw waits for secrets, not for a round of drand")
    return Reveals(reveals=reveals)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError("cannot read {path}: {reason}", path=path, reason=error.strerror) from error


def _stored(place: Place) -> Draw:
    from bot.awards import drawing
    from bot.store.opening import reading

    with reading(place.settings) as store:
        return drawing.committed(store, place.campaign.name)


def _tell(it: Draw, *, as_json: bool) -> None:
    """How the draw stands."""
    import hashlib

    made, result = it.commitment, it.result
    digest = hashlib.sha256(made.document()).hexdigest()
    facts: dict[str, Any] = {
        "campaign": made.campaign,
        "committed_at": made.committed_at.isoformat(),
        "commitment": digest,
        "root": made.root,
        "entries": made.entries,
        "drawn_from": made.drawn_from,
        "due": made.randomness.due.isoformat(),
        "round": getattr(made.randomness, "round", None),
        "held": result is not None,
        "first": None if result is None else list(result.ranking[:3]),
    }
    if as_json:
        emit(facts)
        return
    number, rows = facts["round"], [(_("commitment"), digest), (_("root"), made.root)]
    source = _("the parties' secrets") if number is None else _("drand round {number}").format(number=number)
    words = _("{campaign}: {count} posts listed, {drawn} of them draw")
    say(one_line(words.format(campaign=made.campaign, count=made.entries, drawn=made.drawn_from)))
    if result is None:
        rows.append((_("randomness"), _("{source}, at {time}").format(source=source, time=facts["due"])))
    else:
        rows.append((_("randomness"), f"{source}: {result.randomness}"))
        rows.append((_("first places"), ", ".join(entry[:12] for entry in result.ranking[:3])))
    columns(rows)
    if result is None:
        say(_("Publish the commitment and the list now, where people can see when: 'draw hold' comes after that time."))


def _write(it: Draw, folder: Path | None) -> None:
    """The published files, and the program that checks them."""
    from bot.awards import verify_draw
    from bot.awards.publication import files
    from bot.whole_file import make_folder, write_whole

    if folder is None:
        return
    make_folder(folder)
    found = files(it.commitment, it.entries, it.told, it.result)
    found["verify_draw.py"] = Path(verify_draw.__file__).read_bytes()
    for name, body in found.items():
        write_whole(folder / name, [body])
    remark(one_line(_("wrote {files} to {folder}").format(files=", ".join(found), folder=folder)))
