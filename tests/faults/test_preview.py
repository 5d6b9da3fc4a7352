"""Pictures for a person's eyes are decoded in a confined process: hostile ones harm nobody and show nothing."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.engines import preview
from bot.settings import Engine


def test_a_picture_comes_out_as_it_is(tmp_path: Path) -> None:
    """Pixels and scale; a picture larger than the working size is reduced, and the scale says by how much."""
    Image.new("RGB", (64, 32), (10, 20, 30)).save(tmp_path / "small.png")
    found = preview.pixels(tmp_path / "small.png", Engine())
    assert found is not None
    assert (found[0].shape, found[1]) == ((32, 64, 3), 1.0)
    assert np.all(found[0] == (10, 20, 30))
    Image.new("RGB", (2560, 1280)).save(tmp_path / "large.png")
    found = preview.pixels(tmp_path / "large.png", Engine())
    assert found is not None
    assert max(found[0].shape) == 1280
    assert found[1] == pytest.approx(2.0)


def test_what_is_no_picture_shows_nothing(tmp_path: Path) -> None:
    """Broken, huge and missing files: no pixels and no error."""
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff\x7f\xff\xff\xff\x7f\x08\x02\x00\x00\x00"
    for name, data in {"words": b"no picture", "empty": b"", "bomb": header + b"\x00" * 4 + zlib.compress(b"")}.items():
        (tmp_path / name).write_bytes(data)
        assert preview.pixels(tmp_path / name, Engine()) is None
    assert preview.pixels(tmp_path / "missing", Engine()) is None


@pytest.mark.parametrize(
    "answer",
    [b"", b"\n", b"[1,1,1]\n", b"[1,1,1]\nab", b"[1,1,1]\nabcd", b"[-1,-1,1]\nabc", b"[9999,1,1]\n" + b"a" * 29997,
     b"[1,1]\nabc", b'["1",1,1]\nabc', b"[1,1,NaN]\nabc", b"[1,1,0]\nabc", b"{}\nabc", b"\xff\nabc"],
)  # fmt: skip
def test_what_a_taken_over_decoder_answers_is_not_believed(answer: bytes) -> None:
    """Only a header that agrees with its body makes a picture."""
    assert preview._parsed(answer) is None
    assert preview._parsed(b"[1,1,1.5]\nabc") is not None


def test_one_process_shows_many_and_is_replaced_when_it_dies(tmp_path: Path) -> None:
    """The pictures after a broken one, and after the process was killed, are shown as they are."""
    Image.new("RGB", (64, 32), (10, 20, 30)).save(tmp_path / "a.png")
    Image.new("RGB", (32, 64), (30, 20, 10)).save(tmp_path / "b.png")
    (tmp_path / "broken").write_bytes(b"\x89PNG\r\n\x1a\n")
    previewer = preview.Previewer(Engine())
    try:
        sizes = []
        for name in ("a.png", "broken", "b.png"):
            found = previewer.pixels(tmp_path / name)
            sizes.append(None if found is None else found[0].shape[:2])
        assert sizes == [(32, 64), None, (64, 32)]
        assert previewer._process is not None
        previewer._process.kill()
        previewer._process.wait()
        assert previewer.pixels(tmp_path / "a.png") is None
        found = previewer.pixels(tmp_path / "a.png")
        assert found is not None and found[0].shape == (32, 64, 3)
    finally:
        previewer.close()
