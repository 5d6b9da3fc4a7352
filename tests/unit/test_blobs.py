"""Media by content hash: whole or not at all, found again, swept by age and budget."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Refused, Stored
from bot.store.blobs import Blobs

NOW = dt.datetime(2025, 7, 20, tzinfo=dt.UTC)
DAY = 86400.0


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def aged(blobs: Blobs, data: bytes, days: float) -> Stored:
    """Bytes that were last needed so many days ago."""
    stored = blobs.put(data)
    instant = NOW.timestamp() - days * DAY
    os.utime(blobs.path(stored.sha256), (instant, instant))
    return stored


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.binary(max_size=100)))
def test_what_was_written_is_read(tmp_path: Path, pieces: list[bytes]) -> None:
    """However the bytes came in pieces, the name is the hash of the whole."""
    blobs, whole = Blobs(tmp_path), b"".join(pieces)
    with blobs.part() as part:
        for piece in pieces:
            part.write(piece)
        stored = part.keep()
    assert stored == Stored(sha256=hashlib.sha256(whole).hexdigest(), size=len(whole))
    assert blobs.read(stored.sha256) == whole
    assert blobs.put(whole) == stored


def test_what_was_not_kept_leaves_no_trace(tmp_path: Path) -> None:
    """A download that fails half-way leaves nothing behind."""
    with pytest.raises(OSError, match="lost"), Blobs(tmp_path).part() as part:
        part.write(b"half")
        raise OSError("lost")
    assert files(tmp_path) == []


def test_names_are_hashes_only(tmp_path: Path) -> None:
    """No path can be made of anything else."""
    for name in ("", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, "a" * 63 + "\n", "a" * 64 + "\n"):
        with pytest.raises(ValueError, match="not a SHA-256"):
            Blobs(tmp_path).path(name)


def test_local_files(tmp_path: Path) -> None:
    """Regular files within the limit are copied; larger ones and what is no file are refused, without waiting."""
    blobs, source = Blobs(tmp_path / "media"), tmp_path / "a.png"
    source.write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe")
    assert blobs.put_file(source, 5) == Stored(sha256=hashlib.sha256(b"12345").hexdigest(), size=5)
    assert blobs.put_file(source, 4) == Refused(reason="too_large")
    assert blobs.put_file(tmp_path / "pipe", 5) == Refused(reason="not_a_file")
    assert blobs.put_file(tmp_path, 5) == Refused(reason="not_a_file")
    with pytest.raises(FileNotFoundError):
        blobs.put_file(tmp_path / "gone", 5)


def test_sweep_by_age(tmp_path: Path) -> None:
    """What was not needed for longer than the retention goes, unless it is needed."""
    blobs = Blobs(tmp_path)
    old, needed, young = aged(blobs, b"old", 91), aged(blobs, b"needed", 200), aged(blobs, b"young", 89)
    swept = blobs.sweep(NOW, 90 * DAY, 10**9, {needed.sha256})
    assert (swept.removed, swept.freed, swept.left) == (1, 3, 11)
    assert [path for path in map(blobs.path, (old.sha256, needed.sha256, young.sha256)) if path.exists()] == [
        blobs.path(needed.sha256),
        blobs.path(young.sha256),
    ]


def test_sweep_by_budget(tmp_path: Path) -> None:
    """Over budget, the longest unneeded go first, and no more than must."""
    blobs = Blobs(tmp_path)
    stored = [aged(blobs, bytes([n]) * 100, days) for n, days in enumerate((1, 5, 3, 4))]
    assert blobs.sweep(NOW, 90 * DAY, 250).removed == 2
    assert [blobs.has(item.sha256) for item in stored] == [True, False, True, False]


def test_needing_again_keeps(tmp_path: Path) -> None:
    """Asking for bytes, or getting the same again, counts as needing them."""
    blobs = Blobs(tmp_path)
    asked, again = aged(blobs, b"asked", 300), aged(blobs, b"again", 300)
    assert blobs.has(asked.sha256)
    blobs.put(b"again")
    blobs.sweep(dt.datetime.now(dt.UTC), 90 * DAY, 10**9)
    assert blobs.read(asked.sha256) + blobs.read(again.sha256) == b"askedagain"


def test_sweep_clears_what_a_crash_left(tmp_path: Path) -> None:
    """Half-written files of a process that died are removed after an hour; one being written is left alone."""
    blobs = Blobs(tmp_path)
    (tmp_path / "parts" / "part-old").write_bytes(b"x")
    os.utime(tmp_path / "parts" / "part-old", (0, 0))
    with blobs.part() as part:
        blobs.sweep(dt.datetime.now(dt.UTC), 90 * DAY, 10**9)
        assert [path.name for path in (tmp_path / "parts").iterdir()] != ["part-old"]
        part.write(b"y")
        assert blobs.read(part.keep().sha256) == b"y"


def test_remove(tmp_path: Path) -> None:
    """Erasing tells whether there was anything."""
    blobs = Blobs(tmp_path)
    stored = blobs.put(b"x")
    assert [blobs.remove(stored.sha256), blobs.remove(stored.sha256), blobs.has(stored.sha256)] == [True, False, False]
