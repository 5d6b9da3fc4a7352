"""``moderators``: who reviews here, in which role, and how they log in."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import click
import msgspec

from bot.cli.options import Place, as_json, place
from bot.cli.output import _, emit, remark, say, table
from bot.store.moderators import Role
from bot.text_safety import one_line


@click.group()
def moderators() -> None:
    """Name moderators and give them login tokens for the web page.

    Roles: "moderator" decides, "lead" also settles where two disagree, "judge" scores entries. Whoever can run this
    command can do all of it; names at the command line (--as) are not checked.
    """


@moderators.command()
@click.argument("name", metavar="NAME")
@click.option("--role", type=click.Choice(get_args(Role)), default="moderator", show_default=True)
@as_json
@place()
def add(place: Place, name: str, role: Role, as_json: bool) -> None:
    """Name a moderator and print their login token, once; again, to give them a new token or another role."""
    from bot.review.moderators import name_moderator
    from bot.store.opening import opened

    with opened(place.settings) as store, store.transaction():
        token = name_moderator(store, name, role, dt.datetime.now(dt.UTC))
    if as_json:
        emit({"name": name, "role": role, "token": token})
    else:
        say(token)
        remark(_("this token is shown only now; only its hash is kept"))
        if role == "judge":
            remark(one_line(_("judge add {name} --account ID keeps their own posts from them").format(name=name)))


@moderators.command(name="list")
@as_json
@place()
def list_moderators(place: Place, as_json: bool) -> None:
    """List everybody who may log in."""
    from bot.store.opening import reading

    with reading(place.settings) as store:
        found = store.moderators.all()
    if as_json:
        for moderator in found:
            emit(msgspec.to_builtins(moderator))
    elif found:
        table((_("name"), _("role"), _("since")), [(m.name, m.role, m.since) for m in found])


@moderators.command()
@click.argument("name", metavar="NAME")
@place()
def remove(place: Place, name: str) -> None:
    """End a moderator's login. What they decided stays."""
    from bot.review.moderators import remove_moderator
    from bot.store.opening import opened

    with opened(place.settings) as store, store.transaction():
        remove_moderator(store, name, dt.datetime.now(dt.UTC))
    remark(one_line(_("{name} cannot log in any more").format(name=name)))
