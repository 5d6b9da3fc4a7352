"""The index of stories on the disk: it is what the database says, whatever happens between two starts."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from bot.operations.forget import forget
from bot.store import Store
from bot.store.blobs import Blobs
from bot.store.connection import OperationalError
from detectors import text_blocks, text_index
from detectors.text import story, tokens
from detectors.text_index import TextIndex
from tests.faults import backlog
from tests.integration.judged import START, TAG, Square

TOLD = [backlog.story(number) for number in range(20)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of three stories: twenty fill six, two more wait."""
    monkeypatch.setattr(text_index, "_TAIL", 3)


@pytest.fixture
def square(tmp_path: Path) -> Square:
    """Twenty entries with a story each, all by others, judged by one process."""
    square = Square(tmp_path)
    for number, words in enumerate(TOLD):
        square.feed(str(number), f"u{number}", text=f"{TAG} {words}")
    square.judge()
    return square


def index(store: Store) -> TextIndex:
    """As it is read at a start."""
    made = TextIndex(store.stories.words, store.stories, store.stories.families())
    for node, cluster, words in store.stories.after(made.last):
        made.add(node, words, [cluster])
    return made


def found(store: Store) -> list[list[tuple[int, float]]]:
    """What a start finds for each story."""
    made = index(store)
    return [made.within(story(words), 0.5) for words in TOLD]


def files(square: Square) -> set[str]:
    """What lies beside the database."""
    return {path.name for path in (square.folder / "data" / "stories").iterdir()}


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stories that were signed since."""
    told: list[str] = []
    sign = text_blocks.signature

    def noted(words: str) -> text_blocks.Minima:
        told.append(words)
        return sign(words)

    monkeypatch.setattr(text_index, "signature", noted)
    return told


def test_a_start_signs_only_the_newest(square: Square, signed: list[str]) -> None:
    """What lies in blocks is not read word by word again, and is found all the same; nothing else lies there."""
    text_index._signature.cache_clear()
    made = index(square.store)
    assert signed == [story(words) for words in TOLD[18:]]
    assert [made.within(story(words), 0.9)[0][1] for words in TOLD] == [1.0] * 20
    assert files(square) == {*square.store.stories.names()}


def test_families_are_those_of_the_graph(square: Square) -> None:
    """After a start, too, stories that were linked are one family."""
    for number in range(8):
        square.feed(str(100 + number), f"v{number}", text=f"{TAG} {TOLD[0]}后来{number}")
    square.judge()
    [(_, _, family)] = index(square.store).families(story(TOLD[0]), 0.6)
    graph = square.store.graph
    assert {graph.cluster(node) for node, _ in index(square.store).within(story(TOLD[0]), 0.6)} == {family}


def test_what_was_not_committed_is_in_no_index(square: Square) -> None:
    """A block that was written by a transaction that failed is none, and its keys may be other stories' later."""
    before = found(square.store)
    with pytest.raises(RuntimeError), square.store.transaction():
        made = index(square.store)
        for number in range(9):
            words = f"没有留下来的故事{number}"
            node, _ = square.store.graph.node(f"t:{number}", "text", words.encode())
            made.add(node, words)
        assert len(square.store.stories.names()) > 0
        raise RuntimeError
    assert found(square.store) == before
    assert {*square.store.stories.names()} == files(square)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: os.truncate(path, 100)], ids=["gone", "short"])
def test_what_is_missing_is_made_anew(square: Square, damage: Callable[[Path], None]) -> None:
    """As in a copy of the database that was restored without the files."""
    before, folder = found(square.store), square.folder / "data" / "stories"
    damage(folder / square.store.stories.names()[0])
    assert found(square.store) == before
    assert {*square.store.stories.names()} == files(square) != set()


def test_a_file_that_vanishes_is_an_outage(square: Square) -> None:
    """No fault of the post that met it: whoever reads the index again makes it anew, and goes on."""
    before, made = found(square.store), index(square.store)
    (square.folder / "data" / "stories" / square.store.stories.names()[0]).unlink()
    with pytest.raises(OperationalError, match="disk I/O error"):
        made.within(story(TOLD[0]), 0.5)
    assert found(square.store) == before


def test_the_index_of_another_release_is_made_anew(square: Square, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures that mean something else are not read."""
    before, names = found(square.store), square.store.stories.names()
    monkeypatch.setattr("bot.store.stories.FORMAT", "next")
    assert found(square.store) == before
    assert not {*names} & files(square)


def test_a_forgotten_story_leaves_no_trace(square: Square) -> None:
    """Whoever read the index before is told; the others are found as before."""
    index(square.store)
    words = story(TOLD[4])
    traces = (text_blocks.sketch_of(text_blocks.signature(words)).tobytes(), tokens(words).encode("utf-16-le"))
    stories = square.folder / "data" / "stories"

    def left() -> list[bool]:
        return [any(trace in path.read_bytes() for path in stories.iterdir()) for trace in traces]

    assert left() == [True, True]
    other = Store(square.folder / "data")
    forget(other, Blobs(square.folder / "media"), "u4", START)
    other.close()
    assert left() == [False, False]
    assert square.store.stories.moved()
    again = index(square.store)
    assert again.within(story(TOLD[4]), 0.9) == []
    assert all(again.within(story(words), 0.9) for words in TOLD if words != TOLD[4])
    assert not square.store.stories.moved()


def test_no_room_for_a_block_is_no_fault_of_the_post(square: Square, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as SQLite tells it, before anything is written: the daemon pauses, and later goes on."""
    before = found(square.store)

    opened = Path.open

    def full(path: Path, mode: str, buffering: int = -1) -> IO[Any]:
        if mode == "xb":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, mode, buffering)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OperationalError, match="full"), square.store.transaction():
        made = index(square.store)
        for number in range(20, 23):
            node, _ = square.store.graph.node(f"t:{number}", "text", backlog.story(number).encode())
            made.add(node, backlog.story(number))
    assert found(square.store) == before
