"""Decisions over a filter, with a preview, and ``parked``: what went over the quota."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

import click

from bot.cli.decided import print_decisions
from bot.cli.options import F, Place, as_json, by, place
from bot.cli.output import _, emit, remark, say, table
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.review.bulk import BulkAction, Done, Plan
    from bot.review.filters import Filter

_SHOWN = 10  # ids of a preview


def _read(ctx: click.Context, option: click.Parameter, value: str | None) -> Filter | None:
    from bot.errors import UserError
    from bot.review.filters import parse_filter

    try:
        return None if value is None else parse_filter(value)
    except UserError as error:
        raise click.BadParameter(error.said(_)) from error


def filter_option(command: F) -> F:
    """``--filter``, given as ``wanted``."""
    words = "All posts that this finds: reason:CODE author:ID status:STATUS cluster:NAME second:yes words."
    return click.option("--filter", "wanted", callback=_read, metavar="FILTER", help=words)(command)


def over_filter(command: F) -> F:
    """``--filter``, ``--dry-run`` and ``--yes``, given as ``wanted``, ``dry_run`` and ``yes``."""
    dry = click.option("--dry-run", is_flag=True, help="With --filter: say what would change, and change nothing.")
    sure = click.option("--yes", is_flag=True, help="With --filter: do not ask.")
    return filter_option(dry(sure(command)))


def decide_all(
    place: Place,
    wanted: Filter,
    action: BulkAction,
    code: str | None,
    note: str | None,
    who: str,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> Done | None:
    """Preview and carry out; None where nothing was decided."""
    from bot.review.bulk import carry_out, plan
    from bot.review.second import policy_of
    from bot.store.opening import opened

    policy = policy_of(place.settings)
    with opened(place.settings) as store:
        planned = plan(store, wanted, action, code, note, who, _now(), policy)
        if dry_run:
            _preview(planned, as_json=as_json)
            return None
        if not planned.targets:
            remark(_("no post is found with this filter"))
            return None
        if not yes and sys.stdin.isatty():
            _preview(planned, as_json=False)
            click.confirm(_("Go on?"), abort=True, err=True)
        with store.transaction():
            return carry_out(store, planned, who, _now(), policy)


def _preview(planned: Plan, *, as_json: bool) -> None:
    if as_json:
        emit({
            "action": planned.action, "code": planned.code, "filter": planned.filter,
            "targets": [aim.post_id for aim in planned.targets], "excess": [aim.post_id for aim in planned.excess],
            "by_reason": planned.by_reason, "by_status": planned.by_status,
        })  # fmt: skip
        return
    say(one_line(_("{action} ({code}) of {count} posts").format(
        action=planned.action, code=planned.code, count=len(planned.targets)
    )))  # fmt: skip
    if planned.excess:
        say(_("{count} more are over the quota and would wait for confirmation").format(count=len(planned.excess)))
    for title, counts in ((_("status"), planned.by_status), (_("reason"), planned.by_reason)):
        if counts:
            table((title, _("count")), list(counts.items()))
    more = " …" if len(planned.targets) > _SHOWN else ""
    say(one_line(" ".join(aim.post_id for aim in planned.targets[:_SHOWN]) + more))


def tell(done: Done) -> None:
    """What came of it, beside the decisions themselves."""
    remark(_("{count} posts decided; 'gatewarden undo' takes them back as one").format(count=len(done.decisions)))
    if done.left:
        left = one_line(" ".join(done.left[:_SHOWN]))
        remark(_("{count} left: changed meanwhile, or in other hands: {posts}").format(
            count=len(done.left), posts=left
        ))  # fmt: skip
    if done.parked is not None:
        remark(_("the rest is over the quota: 'gatewarden parked confirm {id}' decides it").format(id=done.parked))


@click.group()
def parked() -> None:
    """Confirm or drop what bulk actions had over their quota."""


@parked.command(name="list")
@as_json
@place()
def list_parked(place: Place, as_json: bool) -> None:
    """List what waits to be confirmed, oldest first."""
    from bot.review.bulk import parked
    from bot.store.opening import reading

    with reading(place.settings) as store:
        found = parked(store)
    if as_json:
        for item in found:
            emit({
                "id": item.id, "who": item.who, "at": item.at.isoformat(), "action": item.plan.action,
                "code": item.plan.code, "filter": item.plan.filter,
                "posts": [aim.post_id for aim in item.plan.targets],
            })  # fmt: skip
    elif found:
        rows = [(i.id, i.who, i.plan.action, len(i.plan.targets), i.plan.filter) for i in found]
        table(("id", _("who"), _("action"), _("posts"), _("filter")), rows)


@parked.command()
@click.argument("parked_id", metavar="ID")
@by
@as_json
@place()
def confirm(place: Place, parked_id: str, who: str, as_json: bool) -> None:
    """Decide what is parked, as far as it stands as it was previewed."""
    from bot.review.bulk import confirm
    from bot.review.second import policy_of
    from bot.store.opening import opened

    with opened(place.settings) as store:
        with store.transaction():
            done = confirm(store, parked_id, who, _now(), policy_of(place.settings))
        print_decisions(store, done.decisions, as_json=as_json)
    tell(done)


@parked.command()
@click.argument("parked_id", metavar="ID")
@place()
def drop(place: Place, parked_id: str) -> None:
    """Forget what is parked, undecided."""
    from bot.review.bulk import drop
    from bot.store.opening import opened

    with opened(place.settings) as store, store.transaction():
        dropped = drop(store, parked_id)
    remark(_("{count} posts were left undecided").format(count=len(dropped.plan.targets)))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
