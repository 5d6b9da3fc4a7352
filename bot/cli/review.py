"""``review``: the queue in the terminal, one key a decision."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import click

from bot.cli.options import Place, by, language, place
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.reasons import Lang
    from bot.review.tui.item import Place as At
    from bot.review.tui.setting import Setting

THEME = click.option(
    "--theme", type=click.Choice(["dark", "light"]), help="Colours. Default: the terminal's background."
)
PICTURES = click.option(
    "--pictures",
    type=click.Choice(["kitty", "sixel", "blocks", "blocks256", "dots"]),
    help="How pictures are drawn. Default: as the terminal can.",
)


@click.command()
@click.argument("filter", nargs=-1, metavar="[FILTER]…")
@THEME
@PICTURES
@by
@language
@place(campaign=True)
def review(
    place: Place,
    filter: tuple[str, ...],  # noqa: A002 - the word for it
    theme: str | None,
    pictures: str | None,
    who: str,
    lang: Lang,
) -> None:
    """Review what waits, in the terminal: one key a decision, each can be undone.

    FILTER is as in the review itself: reason:CODE author:ID status:STATUS cluster:NAME words. Press ? for the keys.
    """
    needs_terminal("review needs a terminal; through a pipe use 'gatewarden queue' and 'gatewarden approve'")
    import msgspec

    from bot.review.filters import parse_filter
    from bot.store.opening import open_store

    wanted = parse_filter(" ".join(filter))
    open_store(place.settings).close()  # what is wrong with it is told before the screen is taken
    setting = msgspec.structs.replace(setting_of(place, who, lang, theme, pictures), wanted=wanted)
    from bot.review.tui.app import ReviewApp

    app = ReviewApp(setting, desk_of(place, setting))
    gc.freeze()  # what there is now stays: no collection need look at it while somebody works
    app.run()
    if app.failure is not None:
        raise app.failure


def needs_terminal(message: str) -> None:
    """Raises UserError with this message where nobody sits at a terminal."""
    at_terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    if not at_terminal or os.environ.get("TERM") in (None, "", "dumb"):
        raise UserError(message)


def setting_of(place: Place, who: str, lang: Lang, theme: str | None, pictures: str | None) -> Setting:
    """Who works on what, and what this terminal can. Asks the terminal."""
    from bot.i18n import translator
    from bot.review.tui.setting import Setting
    from bot.review.tui.sheet import Reader
    from bot.review.tui.terminal import terminal
    from bot.store.opening import open_blobs

    campaign, settings, can = place.campaign, place.settings, terminal(os.environ)
    setting = Setting(
        who=who,
        campaign=campaign.name,
        reader=Reader(lang=lang, say=translator(lang), zone=campaign.tz),
        engine=settings.engine,
        blobs=open_blobs(settings),
        way=can.way if pictures is None else pictures,  # type: ignore[arg-type]  # click has checked it
        cell=can.cell,
        dark=can.dark if theme is None else theme == "dark",
        colour=not os.environ.get("NO_COLOR"),
        lease=settings.review.lease,
    )
    if setting.way == "blocks":
        os.environ["COLORTERM"] = "truecolor"  # as tmux does not say itself
    return setting


def desk_of(place: Place, setting: Setting) -> Callable[[ExitStack], At]:
    """Opens the desk, in the thread that uses it."""
    from bot.clock import SystemClock
    from bot.review.desk import open_desk
    from bot.review.tui.item import Place as At
    from bot.store.opening import open_store

    def at(stack: ExitStack) -> At:
        store = stack.enter_context(closing(open_store(place.settings)))
        desk = open_desk(store, place.settings, place.campaign, setting.who, SystemClock())
        return At(desk=desk, store=store, campaign=place.campaign, blobs=setting.blobs)

    return at
