"""The shape of the house: which room may know which, and that what is shipped is what there is."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EFFECTS = {"asyncio", "aiohttp", "sqlite3", "sqlite_utils", "socket", "subprocess", "threading"}
PURE = (
    "bot/admission",
    "bot/campaign",
    "bot/posts",
    "bot/rules",
    "bot/decide.py",
    "bot/fold.py",
    "bot/model.py",
    "bot/presence.py",
    "bot/reasons.py",
    "bot/toml.py",
)
DIALS_OUT = {"x_api", "drand"}
"""Of the awards, the files that ask somebody else."""
LAYERS = [
    # (who, what they may never import)
    ("bot/cli", ()),
    ("bot/sources", ("bot.cli", "bot.wire", "bot.worker", "bot.pipeline", "bot.store")),
    ("bot/store", ("bot.cli", "bot.wire", "bot.worker", "bot.pipeline", "bot.media.fetch", "bot.copies.relate")),
    ("bot/awards", ("bot.cli", "bot.wire", "bot.worker", "bot.pipeline")),
    ("bot/engines", ("bot.cli", "bot.wire", "bot.worker", "bot.pipeline", "bot.media.fetch", "bot.store")),
    ("detectors", ("bot",)),
]


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources(folder: str) -> list[Path]:
    place = ROOT / folder
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


@pytest.mark.parametrize(("folder", "forbidden"), LAYERS, ids=[folder for folder, _ in LAYERS])
def test_no_room_knows_what_it_must_not(folder: str, forbidden: tuple[str, ...]) -> None:
    """Arrows point one way: what is deeper inside never imports what is further out."""
    found = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in sources(folder)
        for name in imports(path)
        if any(name == f or name.startswith(f"{f}.") for f in forbidden)
    ]
    assert found == []


def test_pure_files_import_no_effects() -> None:
    """The functional core waits for nothing, dials nowhere and remembers nothing."""
    files = [path for place in PURE for path in sources(place)]
    files += [p for p in sources("bot/awards") if p.stem not in DIALS_OUT]
    assert len(files) > len(PURE)
    assert [(p.stem, n) for p in files for n in imports(p) if n.partition(".")[0] in EFFECTS] == []


def test_detectors_open_nothing() -> None:
    """Detectors have no network, no database and no clock."""
    forbidden = EFFECTS - {"threading"} | {"time", "datetime", "urllib", "http"}
    assert [(p.stem, n) for p in sources("detectors") for n in imports(p) if n.partition(".")[0] in forbidden] == []


def test_packages_listed_are_the_packages_there_are() -> None:
    """A wheel holds every package of the checkout, and none that is gone."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(settings["tool"]["setuptools"]["packages"]) - {"detectors._assets"}
    there = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for folder in ("bot", "detectors")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert listed == there


@pytest.mark.parametrize(
    "path", [p for f in ("bot", "detectors", "training", "benchmarks", "tests") for p in sources(f)], ids=str
)
def test_no_file_is_too_long(path: Path) -> None:
    """A file has one duty: beyond 400 lines it has two."""
    assert len(path.read_text().splitlines()) <= 400


def test_every_test_says_what_it_proves() -> None:
    """Each test function has a docstring."""
    silent = [
        f"{path.name}:{node.name}"
        for path in sources("tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []
