"""``winners``: propose, recheck, freeze, disqualify, publish."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bot.cli.options import Place, as_json, by, language, place
from bot.cli.output import _, emit, remark, say, spoken, styled, table
from bot.errors import UserError
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.awards.basis import Move
    from bot.awards.winners import Awarding, Proposal
    from bot.reasons import Lang

POST = click.argument("post", metavar="POST")
_LONGEST = 200  # characters of a person's id


@click.group()
def winners() -> None:
    """From rankings to published winners.

    "winners propose" says who would win and what is still open; "recheck" and "confirm" settle that; "freeze" fixes
    what the awards rest on. Afterwards nothing changes by itself: only "disqualify" and "confirm" do, each logged.
    """


@winners.command()
@language
@as_json
@place(campaign=True)
def propose(place: Place, lang: Lang, as_json: bool) -> None:
    """Show who wins, as it stands, and what a person must settle. After the freeze: what came up since."""
    from bot.store.opening import reading

    with reading(place.settings) as store:
        it = _awarding(store, place).proposal()
    if as_json:
        for row in _rows(it):
            emit(row)
    else:
        _print(it, place, lang)


@winners.command()
@click.option("--tick", multiple=True, metavar="POST", help="You opened it: it is public. May be repeated.")
@click.option(
    "--export",
    "fresh",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="A fresh export: the posts in it are public unless it says deleted.",
)
@by
@as_json
@place(campaign=True)
def recheck(place: Place, tick: tuple[str, ...], fresh: Path | None, who: str, as_json: bool) -> None:
    """List the winners' posts with when each was last seen public, and record that some are.

    A push or a poll of the square within seven days counts by itself.
    """
    from bot.awards.recheck import exported, recheck
    from bot.store.opening import opened

    seen = None if fresh is None else exported(fresh.read_text("utf-8", errors="replace").splitlines())
    with opened(place.settings) as store, store.transaction():
        awarding = _awarding(store, place)
        lines = recheck(store, awarding, awarding.proposal(), tick, seen, who)
    for line in lines:
        if as_json:
            at = None if line.checked_at is None else line.checked_at.astimezone(place.campaign.tz).isoformat()
            emit({**msgspec.to_builtins(line), "checked_at": at})
        else:
            mark = "!" if line.gone else " " if line.checked_at is None else "✓"
            state = _("gone: disqualify it") if line.gone else _seen(line.how, line.who) if line.how else _("open it")
            say(one_line(f"{mark} {line.post_id}  {state}  {line.url or ''}"))


@winners.command()
@POST
@click.option("--person", metavar="ID", help="The verified person. Default: whom a source named.")
@click.option("--region", metavar="CODE", help="Where they live, in two letters: goods or voucher.")
@by
@as_json
@place(campaign=True)
def confirm(place: Place, post: str, person: str | None, region: str | None, who: str, as_json: bool) -> None:
    """Say who is behind a post: one person, one prize."""
    if region is not None and not (len(region) == 2 and region.isascii() and region.isupper()):
        raise click.BadParameter("write two capital letters (ISO 3166 alpha-2)", param_hint="--region")
    if person is not None and not (0 < len(person) <= _LONGEST and person.isprintable()):
        raise click.BadParameter(f"an id has 1 to {_LONGEST} printable characters", param_hint="--person")
    _act(place, lambda awarding: awarding.confirm(post, person, region, who), as_json=as_json)


@winners.command()
@POST
@click.option("--reason", required=True, metavar="CODE", help="Why, as a reason code.")
@click.option("--note", metavar="TEXT", help="More about why, for whoever looks later.")
@click.option("--person", is_flag=True, help="All posts of whoever is behind it.")
@by
@as_json
@place(campaign=True)
def disqualify(place: Place, post: str, reason: str, note: str | None, person: bool, who: str, as_json: bool) -> None:
    """Take a post out of the running, before the freeze or after it. Whoever stands behind it moves up."""
    _act(place, lambda awarding: awarding.disqualify(post, reason, note, who, person=person), as_json=as_json)


@winners.command()
@POST
@by
@as_json
@place(campaign=True)
def reinstate(place: Place, post: str, who: str, as_json: bool) -> None:
    """Take a disqualification back, before the freeze."""
    _act(place, lambda awarding: awarding.reinstate(post, who), as_json=as_json)


@winners.command()
@by
@as_json
@place(campaign=True)
def freeze(place: Place, who: str, as_json: bool) -> None:
    """Fix the rankings, the people and the rules that the awards follow from. Once."""
    from bot.store.opening import opened

    with opened(place.settings) as store, store.transaction():
        it = _awarding(store, place).freeze(who)
    count = sum(len(tier.awards) for tier in it.tiers)
    if as_json:
        emit({"campaign": place.campaign.name, "winners": count})
    else:
        words = _("{campaign}: {count} winners frozen; 'winners publish DIR' writes them out")
        say(one_line(words.format(campaign=place.campaign.name, count=count)))


@winners.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--names",
    type=click.Choice(["masked", "full", "hidden"]),
    default="masked",
    show_default=True,
    help="Nicknames with all but the ends starred, whole, or not at all.",
)
@by
@as_json
@place(campaign=True)
def publish(place: Place, folder: Path, names: Any, who: str, as_json: bool) -> None:
    """Write DIR/public (list and draw, for everybody), DIR/evidence (for auditors), DIR/delivery (for fulfilment).

    The list comes as Markdown, HTML, CSV and JSON in Chinese and English. python3 DIR/evidence/verify_winners.py checks
    the evidence with nothing but Python.
    """
    from bot.awards.release import release, write
    from bot.store.opening import opened

    if folder.exists() and any(folder.iterdir()):
        raise UserError("{folder} is not empty: name a new folder", folder=folder)
    with opened(place.settings) as store, store.transaction():
        awarding = _awarding(store, place)
        it = awarding.publishable()
        files, digest = release(store, place.campaign, it, names)
        awarding.published(digest, who)
        write(folder, files)  # in the transaction: where it fails, the log does not say that it was published
    if as_json:
        emit({"folder": str(folder), "files": len(files), "evidence": digest})
    else:
        words = _("{count} files in {folder}; digest of the evidence: {digest}")
        say(one_line(words.format(count=len(files), folder=folder, digest=digest)))


def _awarding(store: Any, place: Place) -> Awarding:
    from bot.awards.winners import Awarding

    return Awarding(store, place.campaign, dt.datetime.now(dt.UTC))


def _act(place: Place, act: Callable[[Awarding], Sequence[Move]], *, as_json: bool) -> None:
    """Do something in one transaction, and say who moved."""
    from bot.store.opening import opened

    with opened(place.settings) as store, store.transaction():
        moved = act(_awarding(store, place))
    for move in moved:
        if as_json:
            emit({"post_id": move.post_id, "before": move.before, "after": move.after})
        else:
            say(one_line(f"{move.post_id}: {_where(move.before)} → {_where(move.after)}"))
    if not moved and not as_json:
        remark(_("nobody moved"))


def _where(at: tuple[str, int] | None) -> str:
    from bot.awards.publish import tier_name

    return _("no prize") if at is None else f"{tier_name(at[0], spoken())} {at[1]}"


def _seen(how: str, who: str | None) -> str:
    """By what and whom a post was last seen public."""
    seen = {"person": _("seen by {who}"), "export": _("in the export of {who}"), "source": _("in the feed {who}")}
    return seen[how].format(who=who)


def _rows(it: Proposal) -> Iterator[dict[str, Any]]:
    """One object a place, then one for each problem of who has none; what does not apply is null."""
    for tier in it.tiers:
        for award in tier.awards:
            yield {
                "tier": tier.tier,
                "place": award.place,
                "post_id": award.post_id,
                "rank": award.rank,
                "form": award.form,
                "frozen": it.frozen_at is not None,
                "problems": sorted(p.code for p in it.problems if p.about == award.post_id),
                "alternates": list(tier.alternates),
                "problem": None,
                "about": None,
            }
    winning = {award.post_id for tier in it.tiers for award in tier.awards}
    nothing = dict.fromkeys(("tier", "place", "post_id", "rank", "form", "frozen", "problems", "alternates"))
    for problem in it.problems:
        if problem.about not in winning:
            yield {**nothing, "problem": problem.code, "about": problem.about}


def _print(it: Proposal, place: Place, lang: Lang) -> None:
    from bot.awards.publish import change_name, problem_name, tier_name
    from bot.reports.export import rfc3339

    def settle(post_id: str) -> list[str]:
        return [problem_name(p.code, p.about, lang) for p in it.problems if p.about == post_id]

    methods = {"judged": _("by score"), "draw": _("by the draw"), "views": _("by views on X")}
    forms = {"goods": _("goods"), "voucher": _("voucher")}
    head = place.campaign.name
    if it.frozen_at is not None:
        at = rfc3339(it.frozen_at, place.campaign.tz)
        head = _("{campaign}, frozen {at}").format(campaign=head, at=at)
    say(styled(one_line(head), bold=True))
    for tier in it.tiers:
        say("")
        named = tier_name(tier.tier, lang)
        say(styled(one_line(f"{named}: {len(tier.awards)}/{tier.count} ({methods[tier.method]})"), bold=True))
        rows = [
            (a.place, a.post_id, a.rank, "?" if a.form is None else forms[a.form], "; ".join(settle(a.post_id)))
            for a in tier.awards
        ]
        table((_("place"), _("post"), _("rank"), _("form"), _("to settle")), rows)
        if tier.alternates:
            say(one_line(_("next: {posts}").format(posts=", ".join(tier.alternates[:5]))))
    winning = {award.post_id for tier in it.tiers for award in tier.awards}
    for problem in it.problems:
        if problem.about not in winning:
            remark(one_line(problem_name(problem.code, problem.about, lang)))
    for change in it.changes:
        told = change_name(change, lang)
        remark(one_line(f"{rfc3339(change.at, place.campaign.tz)}  {change.post_id}  {told}"))
