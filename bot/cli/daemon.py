"""``run`` and ``ingest``: the worker, for ever or over one file."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
from typing import TYPE_CHECKING, get_args

import click

from bot.cli.options import Place, as_json, brand_kit, place
from bot.cli.output import _, emit, progress, remark, say
from bot.errors import UserError
from bot.model import Status
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.handover import Fed


@click.command()
@click.option("--once", is_flag=True, help="Stop when a pass over the sources brings nothing new.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Instead of the settings'; may be repeated.")
@brand_kit
@place(campaign=True)
def run(place: Place, once: bool, sources: tuple[str, ...], kit: str | None) -> None:
    """Watch the sources and judge every new or changed post, until stopped.

    With no source named, here or in the settings, it polls gate_square. SIGTERM and Ctrl-C stop it gracefully: what is
    in flight is finished or handed back. A second Ctrl-C stops at once; nothing is lost either way.
    """
    from bot.clock import SystemClock
    from bot.log import configure

    settings, campaign, now = place.settings, place.campaign, SystemClock().now()
    if campaign.closed(now) and campaign.ends is not None:
        told = _("campaign {name} closed on {at}; watching all the same")
        remark(told.format(name=campaign.name, at=campaign.ends.isoformat()))
    configure(settings.log)
    if asyncio.run(_watch(place, once=once, sources=sources, kit=kit)) == signal.SIGINT:
        raise KeyboardInterrupt


async def _watch(place: Place, *, once: bool, sources: tuple[str, ...], kit: str | None) -> signal.Signals | None:
    """Run the worker. Returns the signal that stopped it."""
    from bot.clock import SystemClock
    from bot.operations.canary import Canary
    from bot.operations.housekeeping import Pulse, keeping_house
    from bot.wire import bot, configured_sources

    clock, pulse = SystemClock(), Pulse()
    make = configured_sources(place.settings, place.campaign, clock, sources)
    stopped_by: list[signal.Signals] = []
    async with bot(place.settings, place.campaign, clock, make, kit=kit, once=once, on_verdicts=pulse.judged) as parts:
        loop = asyncio.get_running_loop()

        def stop(by: signal.Signals) -> None:
            stopped_by.append(by)
            loop.remove_signal_handler(by)  # the next one ends the process at once
            parts.worker.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop, number)
        # Said last: whoever reads it may stop the daemon at once, and where signals are ignored an earlier one is lost.
        remark(
            f"campaign {place.campaign.name}, data in {place.settings.data}; {', '.join(s.name for s in parts.sources)}"
        )
        if once:
            await parts.worker.run(once=True)
        else:
            canary = Canary(parts.engine, parts.blobs, place.campaign)
            async with keeping_house(parts, place.settings, clock, canary, pulse):
                await parts.worker.run()
    return stopped_by[0] if stopped_by else None


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(allow_dash=True))
@click.option("--strict", is_flag=True, help="Exit 1 if any line was no valid post.")
@click.option("--received-at", metavar="TIME", help="When the posts were seen, for a backfill. Default: now.")
@brand_kit
@as_json
@place(campaign=True)
def ingest(place: Place, file: str, strict: bool, received_at: str | None, kit: str | None, as_json: bool) -> None:
    """Judge the posts in a JSON Lines FILE (- for standard input), and print a summary.

    Every post gets a verdict; a line that is none is put aside with its number and reason. Feeding a file again changes
    nothing, and finishes what a crash left. Beside a running daemon the posts are handed over to it.
    """
    from bot.cli.quiet import quiet
    from bot.clock import SystemClock
    from bot.handover import feed
    from bot.sources.jsonl import Jsonl

    settings, campaign, clock = place.settings, place.campaign, SystemClock()
    quiet(settings)
    source = Jsonl(file, campaign.tz, clock, received_at=_received(received_at, campaign.tz))
    with progress(_("judging posts")) as done:
        fed = asyncio.run(feed(settings, campaign, clock, source, kit=kit, tell=lambda taken, judged: done(judged)))
    _summary(fed, as_json=as_json)
    if fed.quarantined:
        for line, reason in fed.put_aside:
            remark(_("line {line}: {reason}").format(line=line, reason=one_line(reason)))
        if fed.quarantined > len(fed.put_aside):
            more = fed.quarantined - len(fed.put_aside)
            remark(_("and {count} more; 'gatewarden stats' counts the reasons").format(count=more))
        if strict:
            raise UserError(f"{fed.quarantined} lines were put aside")


def _received(text: str | None, zone: dt.tzinfo) -> dt.datetime | None:
    from bot.posts.instants import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text, zone)[0]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--received-at") from error


def _summary(fed: Fed, *, as_json: bool) -> None:
    counts = {status: fed.statuses.get(status, 0) for status in get_args(Status)}
    if as_json:
        emit({"posts": fed.posts, "quarantined": fed.quarantined, **counts})
    else:
        parts = [f"{count} {status}" for status, count in counts.items() if count]
        told = _("{posts} posts: {statuses}; {lines} lines put aside")
        say(told.format(posts=fed.posts, statuses=", ".join(parts) or _("none"), lines=fed.quarantined))
