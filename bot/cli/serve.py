"""``serve``: the queue as a web page on loopback."""

from __future__ import annotations

import asyncio
import signal

import click

from bot.cli.options import Place, by, place
from bot.cli.output import _, remark, say


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Instead of the settings'; 0: any free one.")
@by
@place(campaign=True)
def serve(place: Place, port: int | None, who: str) -> None:
    """Serve the queue as a web page, to this machine alone, until stopped.

    Prints the address that logs you in: good once, for a quarter of an hour. Others log in with the token that
    'gatewarden moderators add' shows; from another machine the page is reached through an SSH tunnel.
    """
    asyncio.run(_serve(place, port, who))


async def _serve(place: Place, port: int | None, who: str) -> None:
    import msgspec

    from bot.clock import SystemClock
    from bot.review.page.app import serving
    from bot.review.page.guard import Person

    settings = place.settings
    if port is not None:
        settings = msgspec.structs.replace(settings, serve=msgspec.structs.replace(settings.serve, port=port))
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serving(settings, place.campaign, SystemClock(), Person(name=who, role="lead")) as (address, invitation):
        say(f"{address}/login?token={invitation.value}")
        remark(_("serving {data} on {address}; Ctrl-C stops it").format(data=settings.data, address=address))
        await stopped.wait()
