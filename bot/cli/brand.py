"""``brand list``, ``brand check``: the brand kits."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.options import as_json, debug
from bot.cli.output import _, emit, say, table
from bot.errors import UserError
from bot.text_safety import one_line


@click.group()
def brand() -> None:
    """List brand kits, or check one."""


@brand.command("list")
@as_json
@debug
def list_(as_json: bool) -> None:
    """List the shipped brand kits."""
    from detectors.brand import list_kits, load_kit

    kits = [load_kit(name) for name in list_kits()]
    if as_json:
        for kit in kits:
            emit({"name": kit.name, "title": kit.title, "hash": kit.hash, "directory": kit.directory,
                  "marks": list(kit.marks), "assets": len(kit.assets)})  # fmt: skip
    else:
        rows = [(kit.name, kit.title, len(kit.assets), kit.hash[:12], ", ".join(kit.marks)) for kit in kits]
        table(("name", "title", "assets", "hash", "marks"), rows)


@brand.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@as_json
@debug
def check(folder: Path, as_json: bool) -> None:
    """Say whether the brand kit in a folder is sound; exit 1 if it is not."""
    from detectors.brand import check_kit

    problems = check_kit(folder) if folder.is_dir() else [f"no folder {folder}"]
    if as_json:
        emit({"directory": str(folder), "sound": not problems, "problems": problems})
    else:
        for problem in problems:
            say(one_line(problem))
    if problems:
        raise UserError(f"the brand kit {folder} is not sound: {len(problems)} problems")
    if not as_json:
        say(one_line(_("{file} is sound").format(file=folder)))
