"""The kit's pictures are exactly what its drawings say."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from detectors.brand import assets_root, list_kits, load_kit
from training.draw_kit import draw
from training.svg import SvgError, render


def _svg(body: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">{body}</svg>'


@pytest.mark.parametrize("name", list_kits())
def test_committed_pictures_are_the_rendered_drawings(name: str) -> None:
    """Drawing again gives the committed pixels: nobody edits a PNG by hand."""
    kit = load_kit(name)
    directory = assets_root() / "brands" / name
    for asset in kit.assets:
        drawn = draw(directory, asset)
        if drawn is not None:
            with Image.open(io.BytesIO(drawn)) as image:
                assert np.array_equal(np.asarray(image), kit.picture(asset)), asset.file


def test_shapes_have_their_areas() -> None:
    """Circle, rectangle, arc and even-odd hole cover what geometry says."""
    circle = render(_svg('<circle cx="5" cy="5" r="4"/>'), 100)
    assert circle[:, :, 3].sum() / 255 == pytest.approx(np.pi * 40**2, rel=4e-3)
    half = render(_svg('<path d="M1 5 A4 4 0 0 1 9 5 Z"/>'), 100)
    assert half[:, :, 3].sum() / 255 == pytest.approx(np.pi * 40**2 / 2, rel=1e-2)
    assert not half[60:].any()
    holed = render(_svg('<path fill-rule="evenodd" d="M0 0 H10 V10 H0 Z M2 2 H8 V8 H2 Z"/>'), 100)
    assert holed[:, :, 3].sum() / 255 == pytest.approx(6400, rel=4e-3)


def test_paint_groups_and_transforms() -> None:
    """A group's fill, place and paint reach its children; the last shape lies on top."""
    body = '<rect id="a" width="10" height="10"/><g transform="translate(5 0)" id="b"><rect width="5" height="10"/></g>'
    drawn = render(_svg(body), 10, {"a": "#FF0000", "b": "#00FF00"})
    assert tuple(drawn[5, 1]) == (255, 0, 0, 255)
    assert tuple(drawn[5, 8]) == (0, 255, 0, 255)


@pytest.mark.parametrize(
    "body",
    [
        "<text/>",
        '<path d="M0 0 C1 1 2 2 3 3"/>',
        '<path d="M0 0 A1 2 0 0 1 3 3"/>',
        '<path d="L1 1"/>',
        '<rect fill="red" width="1" height="1"/>',
        '<g transform="skewX(3)"><rect width="1" height="1"/></g>',
    ],
)
def test_what_is_not_supported_is_an_error(body: str) -> None:
    """Nothing of a drawing is left out in silence."""
    with pytest.raises(SvgError):
        render(_svg(body), 10)


def test_paint_for_nothing_is_an_error() -> None:
    """A misspelt id in the manifest does not pass."""
    with pytest.raises(SvgError, match="rang"):
        render(_svg('<rect id="ring" width="1" height="1"/>'), 10, {"rang": "#000000"})
