"""TOML with places: what a file says, and on which line it says it.

``tomllib`` keeps no positions, so a small scanner over text that ``tomllib`` has accepted finds the line of every key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bot.errors import ConfigError

KeyPath = tuple[str | int, ...]

_MAX_BYTES: Final = 1_000_000
_SPACE: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_PART: Final = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*(\.?)""")
_VALUE: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}\n]"
    r"|[^\"'\#\[\]{}\n]+",
    re.DOTALL,
)


class Document:
    """One parsed TOML file: ``data`` as ``tomllib`` gives it, and ``line`` of every key."""

    def __init__(self, path: Path, text: str) -> None:
        """Parse ``text``, which stands in ``path``. Raises ConfigError with file and line."""
        self.path = path
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            place = re.search(r"at line (\d+)", str(error))
            line = int(place[1]) if place else text.rstrip("\n").count("\n") + 1
            raise ConfigError(f"{path}:{line}: not valid TOML: {error}") from error
        self._lines = lines(text)

    def line(self, key: Sequence[str | int]) -> int:
        """The line of a key; of the nearest table or key around it where it has no line of its own; else 1."""
        return next((self._lines[p] for end in range(len(key), 0, -1) if (p := tuple(key[:end])) in self._lines), 1)

    def place(self, key: Sequence[str | int]) -> str:
        """``FILE:LINE: a.b[0].c``, the start of every message about a key."""
        return f"{self.path}:{self.line(key)}: {dotted(key)}"


def read_toml(path: Path) -> Document:
    """The document in a file. Raises ConfigError where it cannot be read or is not TOML."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    if len(raw) > _MAX_BYTES:
        raise ConfigError(f"{path}: larger than {_MAX_BYTES} bytes")
    try:
        return Document(path, raw.decode())
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: not UTF-8") from error


def dotted(key: Sequence[str | int]) -> str:
    """A key path for people.

    >>> dotted(("prizes", 0, "count"))
    'prizes[0].count'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).removeprefix(".")


def lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table header and key in valid TOML. Keys of inline tables have no line of their own.

    >>> lines('a = 1\\n[[b]]\\nc.d = 2\\n[[b]]')
    {('a',): 1, ('b', 0): 2, ('b', 0, 'c', 'd'): 3, ('b', 1): 4}
    """
    text = text.replace("\r\n", "\n")
    found: dict[KeyPath, int] = {}
    arrays: dict[KeyPath, int] = {}
    table: KeyPath = ()
    at, line, counted = 0, 1, 0
    while True:
        at = _end(_SPACE, text, at)
        if at >= len(text):
            return found
        line, counted = line + text.count("\n", counted, at), at
        brackets = 2 if text.startswith("[[", at) else 1 if text[at] == "[" else 0
        parts, at = _key(text, at + brackets)
        if brackets:
            table = _resolve(parts, arrays, appends=brackets == 2)
            found.setdefault(table, line)
            at += brackets
        else:
            found[(*table, *parts)] = line
            at = _skip_value(text, at + 1)


def _key(text: str, at: int) -> tuple[tuple[str, ...], int]:
    parts: list[str] = []
    while match := _PART.match(text, at):
        at = match.end()
        quoted = match[1][0] in "\"'"
        parts.append(tomllib.loads(f"k = {match[1]}")["k"] if quoted else match[1])
        if not match[2]:
            break
    return tuple(parts), at


def _resolve(parts: tuple[str, ...], arrays: dict[KeyPath, int], *, appends: bool) -> KeyPath:
    """The path of a table header, with the index of the latest element of every array of tables on the way."""
    path: KeyPath = ()
    for number, part in enumerate(parts):
        path = (*path, part)
        if appends and number == len(parts) - 1:
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path = (*path, arrays[path])
    return path


def _skip_value(text: str, at: int) -> int:
    depth = 0
    while match := _VALUE.match(text, at):
        token = match[0]
        if token == "\n" and depth == 0:
            break
        depth += (token in "[{") - (token in "]}") if len(token) == 1 else 0
        at = match.end()
    return at


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
