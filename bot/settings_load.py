"""Settings from a file and the environment; what is wrong is told in one line with file, line and key.

Order, later wins: defaults, the TOML file, variables ``GATEWARDEN_<SECTION>__<KEY>``. Secrets come from a variable or
from a file that a ``<key>_file`` names, never from the TOML itself: that file gets copied, shown and committed.
"""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec
import platformdirs

from bot.errors import ConfigError, UserError
from bot.settings import SECTIONS, Network, Secret, Section, Settings
from bot.toml import read_toml

_PREFIX: Final = "GATEWARDEN_"
_MAX_SECRET: Final = 4096
_UNITS: Final[dict[str, dict[str, float]]] = {
    "seconds": {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400},
    "bytes": {"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 2**10, "mib": 2**20, "gib": 2**30},
}
_QUANTITY: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*", re.ASCII)


def load_settings(
    config: Path | None, data: Path | None, environ: Mapping[str, str], *, make_data: bool = True
) -> Settings:
    """All settings. ``config`` and ``data`` are the options ``--config`` and ``--data``.

    The data directory is made if missing (not with ``make_data=False``, for commands that store nothing).
    Raises ConfigError for a wrong setting and UserError for a data directory that cannot be written.
    """
    folder = _data_folder(data, environ)
    source = _config_file(config, folder, environ)
    values: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    if source is not None:
        _read_file(source, values)
    _read_environment(environ, values)
    if make_data:
        make_folder(folder)
    sections: dict[str, Any] = {name: kind(**values[name]) for name, kind in SECTIONS.items()}
    return Settings(data=folder, source=source, **sections)


def make_folder(folder: Path) -> None:
    """Make the data directory and prove that it can be written. Raises UserError."""
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"cannot write to the data directory {folder}: {error.strerror or error}") from error


def _data_folder(data: Path | None, environ: Mapping[str, str]) -> Path:
    if data is not None:
        return data.expanduser().absolute()
    if environ.get(f"{_PREFIX}DATA"):
        return Path(environ[f"{_PREFIX}DATA"]).expanduser().absolute()
    return Path(platformdirs.user_data_dir("gatewarden", appauthor=False))


def _config_file(config: Path | None, folder: Path, environ: Mapping[str, str]) -> Path | None:
    """The file to read; one that was named must exist, the one in the data directory may be missing."""
    if config is None and environ.get(f"{_PREFIX}CONFIG"):
        config = Path(environ[f"{_PREFIX}CONFIG"])
    if config is not None:
        return config.expanduser().absolute()
    found = folder / "gatewarden.toml"
    return found if found.exists() else None


def _read_file(path: Path, values: dict[str, dict[str, Any]]) -> None:
    document = read_toml(path)
    for section, table in document.data.items():
        place = f"{path}:{document.line((section,))}"
        if section not in SECTIONS:
            raise ConfigError(f"{place}: unknown section [{section}]{_suggestion(section, SECTIONS)}")
        if not isinstance(table, dict):
            raise ConfigError(f"{place}: {section} is a section: write [{section}] and its keys below")
        for key, value in table.items():
            _place_value(values, section, key, value, f"{path}:{document.line((section, key))}", path.parent)


def _read_environment(environ: Mapping[str, str], values: dict[str, dict[str, Any]]) -> None:
    for variable in sorted(environ):
        section, separator, key = variable.removeprefix(_PREFIX).lower().partition("__")
        if not variable.startswith(_PREFIX) or not separator:
            continue
        if section not in SECTIONS:
            raise ConfigError(f"{variable}: unknown section [{section}]{_suggestion(section, SECTIONS)}")
        _place_value(values, section, key, environ[variable], variable, None)


def _place_value(
    values: dict[str, dict[str, Any]], section: str, key: str, value: object, place: str, folder: Path | None
) -> None:
    """Convert one value and put it in ``values``. ``folder`` is the TOML file's, None for the environment."""
    hints = get_type_hints(SECTIONS[section], include_extras=True)
    named = f"{place}: {section}.{key}"
    if key.endswith("_file") and _is_secret(hints.get(key.removesuffix("_file"))):
        if not isinstance(value, str):
            raise ConfigError(f"{named}: expected the path of a file")
        values[section][key.removesuffix("_file")] = _read_secret((folder or Path.cwd()) / value, named)
        return
    hint = hints.get(key)
    if hint is None:
        known = [*hints, *(f"{name}_file" for name, kind in hints.items() if _is_secret(kind))]
        raise ConfigError(f"{place}: unknown key {key} in [{section}]{_suggestion(key, known)}")
    if _is_secret(hint):
        if folder is not None:
            raise ConfigError(
                f"{named}: a secret does not belong in this file; "
                f'set {_PREFIX}{section.upper()}__{key.upper()} or {key}_file = "PATH"'
            )
        values[section][key] = Secret(str(value)) if value else None
        return
    try:
        values[section][key] = _convert(value, hint, lax=folder is None)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"{named}: {error}") from error


def _convert(value: object, hint: Any, *, lax: bool) -> object:
    """``value`` as the type of a field. ``lax`` (the environment) reads numbers and booleans from text.
    Raises ValueError or msgspec.ValidationError."""
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        if isinstance(value, str | int) and not isinstance(value, bool):
            value, lax = [part.strip() for part in str(value).split(",") if part.strip()], True
        if not isinstance(value, list):
            raise ValueError("expected an array or a comma-separated text")
        if item == Network:
            return tuple(_network(part) for part in value)
        return tuple(msgspec.convert(part, item, strict=not lax) for part in value)
    unit = next((meta.extra["unit"] for meta in getattr(hint, "__metadata__", ()) if meta.extra), None)
    if unit is not None and isinstance(value, str):
        value = _quantity(value, unit)
        if unit == "bytes":
            value = round(value)
    converted = msgspec.convert(value, hint, strict=not lax)
    if isinstance(converted, float) and not math.isfinite(converted):
        raise ValueError("expected a finite number")
    return converted


def _quantity(text: str, unit: str) -> float:
    """A number with an optional unit.

    >>> _quantity("30 min", "seconds"), _quantity("25 MB", "bytes"), _quantity("1.5", "seconds")
    (1800.0, 25000000.0, 1.5)
    """
    match = _QUANTITY.fullmatch(text)
    units = _UNITS[unit]
    if match is None or match[2].lower() not in {"", *units}:
        raise ValueError(f"expected a number of {unit}, with one of the units {', '.join(units)} or none")
    return float(match[1]) * units.get(match[2].lower(), 1)


def _network(value: object) -> Network:
    try:
        return ipaddress.ip_network(str(value), strict=False)
    except ValueError as error:
        raise ValueError(f"{value!r} is no network such as 127.0.0.0/8") from error


def _is_secret(hint: Any) -> bool:
    return Secret in get_args(hint)


def _read_secret(path: Path, named: str) -> Secret:
    try:
        text = path.expanduser().read_text("utf-8")[:_MAX_SECRET].strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{named}: cannot read {path}: {reason}") from error
    if not text:
        raise ConfigError(f"{named}: {path} is empty")
    return Secret(text)


def _suggestion(word: str, known: Mapping[str, type[Section]] | list[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(sorted(known))}"
