"""The options that many commands take, and what they stand for. Each is written once."""

from __future__ import annotations

import functools
import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.errors import UserError

if TYPE_CHECKING:
    from bot.campaign import Campaign
    from bot.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

MOST_NAME = 100

SPOKEN = "bot.cli.language"
"""Where click's context keeps the language that ``--lang`` chose."""


class NamedPath(click.Path):
    """A path that was really named: an empty text, an unset variable of a script's say, would be the working folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if value == "":
            self.fail("an empty text names no path", param, ctx)
        return super().convert(value, param, ctx)


class Place:
    """Where a command works: made from ``--data``, ``--config`` and ``--campaign``, read when asked for."""

    def __init__(self, data: Path | None, config: Path | None, campaign: str | None = None) -> None:
        self._data, self._config, self._campaign = data, config, campaign

    @functools.cached_property
    def settings(self) -> Settings:
        """All settings; the data directory is made if missing. Raises ConfigError, UserError."""
        from bot.settings_load import load_settings

        return load_settings(self._config, self._data, os.environ)

    @functools.cached_property
    def settings_only(self) -> Settings:
        """All settings, for commands that store nothing. Raises ConfigError."""
        from bot.settings_load import load_settings

        return load_settings(self._config, self._data, os.environ, make_data=False)

    @functools.cached_property
    def campaign(self) -> Campaign:
        """The campaign. Raises ConfigError."""
        from bot.campaign import DEFAULT, load_campaign

        return load_campaign(self._campaign or DEFAULT)


def place(*, campaign: bool = False) -> Callable[[F], F]:
    """``--data`` and ``--config`` (and ``--campaign``), given to the command as one ``place``."""

    def decorate(command: F) -> F:
        @functools.wraps(command)
        def wrapped(*args: Any, data: Path | None, config: Path | None, **options: Any) -> Any:
            named = options.pop("campaign", None)
            return command(*args, place=Place(data, config, named), **options)

        made: Any = debug(wrapped)
        if campaign:
            made = click.option(
                "--campaign",
                metavar="NAME-OR-PATH",
                envvar="GATEWARDEN_CAMPAIGN",
                help="The campaign: a shipped one, or a file. Default: my-gate-moment.",
            )(made)
        made = click.option(
            "--config", type=NamedPath(), metavar="FILE", help="Settings. Default: DIR/gatewarden.toml."
        )(made)
        return click.option(  # type: ignore[no-any-return]  # click's decorators keep the function
            "--data", type=NamedPath(), metavar="DIR", help="Data directory. Default: GATEWARDEN_DATA."
        )(made)

    return decorate


def debug(command: F) -> F:
    """``--debug``, which ``app.run`` reads itself."""
    return click.option("--debug", is_flag=True, hidden=True, expose_value=False)(command)


def brand_kit(command: F) -> F:
    """``--brand``, given as ``kit``."""
    return click.option(
        "--brand",
        "kit",
        metavar="NAME-OR-DIR",
        help="The brand kit: a shipped one, or a folder. Default: the campaign's.",
    )(command)


def as_json(command: F) -> F:
    """``--json``, given as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="JSON Lines on standard output.")(command)


def language(command: F) -> F:
    """``--lang``, given as ``lang``: "en" or "zh"."""

    def chosen(ctx: click.Context, option: click.Parameter, value: str | None) -> str:
        ctx.meta[SPOKEN] = value if value is not None else locale_language()
        return str(ctx.meta[SPOKEN])

    return click.option(
        "--lang", type=click.Choice(["en", "zh"]), callback=chosen, help="Language of reasons. Default: the locale's."
    )(command)


def by(command: F) -> F:
    """``--as``, given as ``who``: the name under which a decision is recorded."""

    def named(ctx: click.Context, option: click.Parameter, value: str | None) -> str:
        return person(value)

    return click.option("--as", "who", metavar="NAME", callback=named, help="Who decides. Default: the login name.")(
        command
    )


def person(name: str | None, where: str = "--as") -> str:
    """The name of whoever decides. Raises UserError where none can be told, ``click.BadParameter`` for no name."""
    if name is None:
        try:
            name = getpass.getuser()
        except (OSError, KeyError, ImportError) as error:
            raise UserError("nobody is logged in here: say who decides with --as NAME") from error
    name = name.strip()
    if not 0 < len(name) <= MOST_NAME or not name.isprintable():
        raise click.BadParameter(f"a name has 1 to {MOST_NAME} printable characters", param_hint=where)
    return name


def locale_language() -> str:
    """The language that the locale asks for: "zh" or "en"."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
