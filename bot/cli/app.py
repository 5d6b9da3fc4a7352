"""The entry point: finds the command, runs it, and turns whatever ends it into an exit status and one line.

0 done, 1 could not be done, 2 wrong usage or configuration, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from bot import __version__
from bot.cli.table import COMMANDS, Entry
from bot.errors import Transient, UserError

_FLAT = {name: entry for group in COMMANDS.values() for name, entry in group.items()}


class ReaderGoneError(Exception):
    """Whoever read our output had enough: no failure."""


class Commands(click.Group):
    """All commands, imported when used."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; its whole output is written when this returns."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise ReaderGoneError from error  # click would end the process with 1
        return result

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the help page."""
        return list(_FLAT)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        entry = _FLAT.get(cmd_name)
        return None if entry is None else load(entry)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command list by group, from the table alone."""
        for title, group in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in group.items()])


def load(entry: Entry) -> click.Command:
    """Import a command."""
    command: click.Command = getattr(importlib.import_module(f"bot.cli.{entry.module}"), entry.attribute)
    return command


@click.group(cls=Commands, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gatewarden", message="%(prog)s %(version)s")
def gatewarden() -> None:
    """Guard a community square during a hashtag campaign.

    Watches the square, looks at every post's pictures and videos for the brand, finds copies, records who is eligible
    and why, and hands what a machine cannot settle to people.

    Start with "gatewarden demo". "gatewarden COMMAND --help" explains a command and its options, which stand after it.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave the process with its exit status."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = gatewarden.main(list(arguments), prog_name="gatewarden", standalone_mode=False)
    except BaseException as error:  # noqa: BLE001 - the outermost place: every end becomes a status and one line
        return _end(_cause(error), debug="--debug" in arguments or bool(os.environ.get("GATEWARDEN_DEBUG")))
    return status if isinstance(status, int) else 0


def _end(error: BaseException, *, debug: bool) -> int:
    """Say in one line why the command ended, and return the exit status."""
    from bot.cli.output import _  # here: whoever only asks for help waits for nothing

    if debug and not isinstance(error, click.exceptions.Exit):
        traceback.print_exception(error)
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case KeyboardInterrupt() | click.Abort():
            _say(_("interrupted"))
            return 130
        case ReaderGoneError() | BrokenPipeError():
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered goes nowhere
            return 0
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.ctx.get_help() if error.ctx else "", err=True)
            return 2
        case click.UsageError():
            where = error.ctx.command_path if error.ctx else "gatewarden"
            _say(_("{problem} (see {where} --help)").format(problem=error.format_message(), where=where))
            return 2
        case UserError():
            _say(error.said(_))
            return error.exit_status
        case click.ClickException():
            _say(error.format_message())
            return 1
        case Transient():
            _say(_("could not be done just now: {reason}").format(reason=error.reason))
            return 1
        case OSError() if error.strerror:
            _say(f"{error.strerror}{f': {error.filename}' if error.filename else ''}")
            return 1
        case SystemExit():
            return error.code if isinstance(error.code, int) else 1
        case _ if (damage := _damage(error)) is not None:
            _say(damage)
            return 1
        case _:
            _say(f"unexpected {type(error).__name__}: {error} (a bug; --debug prints where)")
            return 1


def _damage(error: BaseException) -> str | None:
    """What to say of a database that is not what we made it; None where the error is something else."""
    if "sqlite" not in type(error).__module__:
        return None
    from bot.store.connection import is_damage

    if not is_damage(error):
        return None
    return f"the database is damaged ({error}): put a backup in its place; 'gatewarden doctor' tells more"


def _cause(error: BaseException) -> BaseException:
    """The one failure inside groups of failures: what a person can mend first."""
    while isinstance(error, BaseExceptionGroup):
        mendable = error.subgroup(UserError) or error.subgroup(Transient) or error
        error = mendable.exceptions[0]
    return error


def _say(message: str) -> None:
    click.echo(f"gatewarden: {' '.join(message.split())}", err=True)
