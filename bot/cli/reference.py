"""The reference of all commands, from the commands themselves: ``python -m bot.cli.reference > docs/cli.md``."""

from __future__ import annotations

import inspect

import click

from bot.cli.app import gatewarden, load
from bot.cli.table import COMMANDS

_HEAD = """# The command line

Written by `python -m bot.cli.reference > docs/cli.md`; do not edit by hand.

Results go to standard output, everything else to standard error. With `--json` standard output is JSON Lines in UTF-8,
one object a line, and a field that does not apply is null. Options stand after the command. Nothing is asked where
standard input is no terminal. `NO_COLOR` and `COLUMNS` are honoured; through a pipe nothing is coloured, cut or paged.

Exit status: 0 done; 1 it could not be done, with the reason in one line on standard error; 2 wrong usage or
configuration; 130 interrupted.
"""


def reference() -> str:
    """The whole page as Markdown."""
    root = click.Context(gatewarden, info_name="gatewarden")
    parts = [_HEAD]
    for title, group in COMMANDS.items():
        parts.append(f"## {title}\n")
        for name, entry in group.items():
            parts += _sections(load(entry), name, root)
    return "\n".join(parts)


def _sections(command: click.Command, name: str, parent: click.Context) -> list[str]:
    ctx = click.Context(command, info_name=name, parent=parent)
    if isinstance(command, click.Group):
        return [part for sub in sorted(command.commands) for part in _sections(command.commands[sub], sub, ctx)]
    usage = " ".join(command.collect_usage_pieces(ctx))
    lines = [f"### {ctx.command_path.removeprefix('gatewarden ')}\n", f"`{ctx.command_path} {usage}`\n"]
    lines.append(inspect.cleandoc(command.help or "") + "\n")
    rows = [
        record
        for parameter in command.get_params(ctx)
        if (record := parameter.get_help_record(ctx)) is not None and "--help" not in record[0]
    ]
    if rows:
        lines += [
            "| option | |",
            "| --- | --- |",
            *(f"| `{_cell(option)}` | {_cell(text)} |" for option, text in rows),
            "",
        ]
    return lines


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    print(reference(), end="")
