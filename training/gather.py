"""Collects backgrounds and foreign logos from unpacked public repositories, scaled down and split once for all.

    python -m training.gather UNPACKED PICTURES

makes ``PICTURES/{train,validation,test}/{photos,screens,logos}``. The split is by a hash of the name (for logos of the
brand's name, over all icon sets), so no test picture, and no test brand, is ever seen in training; the probabilities
are fitted on the validation part.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

PHOTO_SIDE: Final = 640
SCREEN_SIDE: Final = 1280
LOGO_SIDE: Final = 128
TEST_SHARE: Final = {"photos": 0.62, "screens": 0.5, "logos": 0.3}
VALIDATION_SHARE: Final = 0.1  # within what is not trained on
_LEAST_SIDE: Final = 160
_COLOURED: Final = re.compile(r'fill="#|fill:#|stroke="#|stop-color', re.IGNORECASE)


def main(arguments: list[str]) -> int:
    """Gather every source of ``sources.toml`` that is there; say what is not."""
    unpacked, out = Path(arguments[0]), Path(arguments[1])
    table = tomllib.loads(Path(__file__).with_name("sources.toml").read_text(encoding="utf-8"))
    for source in table["sources"]:
        folder = unpacked / source["repository"].replace("/", "+")
        if not folder.is_dir():
            print(f"{source['repository']}: not there", file=sys.stderr)
            continue
        kind = source["kind"]
        pictures = (
            _logos(folder) if kind == "logos" else _pictures(folder, PHOTO_SIDE if kind == "photos" else SCREEN_SIDE)
        )
        count = 0
        without = re.compile(source["without"]) if "without" in source else None
        for name, pixels in pictures:
            if without and without.search(name):
                continue
            key = _brand(name) if kind == "logos" else f"{folder.name}/{name}"
            split = _split(_uniform(key), kind)
            target = out / split / kind / f"{folder.name}-{re.sub('[^A-Za-z0-9._-]', '_', name)}"
            target.parent.mkdir(parents=True, exist_ok=True)
            form = ".png" if kind == "logos" else ".jpg"
            cv2.imwrite(str(target.with_suffix(form)), pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])
            count += 1
        print(f"{source['repository']}: {count} {kind}", file=sys.stderr)
    return 0


def _split(place: float, kind: str) -> str:
    if place < VALIDATION_SHARE:
        return "validation"
    return "test" if place < TEST_SHARE[kind] else "train"


def _uniform(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def _brand(name: str) -> str:
    """``Binance-USD.svg`` and ``binance.svg`` are one brand: the first word's letters."""
    return re.split(r"[^a-z0-9]", Path(name).stem.lower())[0][:12]


def _pictures(folder: Path, side: int) -> Iterator[tuple[str, np.ndarray]]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    for path in paths:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is None or min(pixels.shape[:2]) < _LEAST_SIDE:
            continue
        scale = side / max(pixels.shape[:2])
        if scale < 1:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        yield str(path.relative_to(folder)), pixels


def _logos(folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """SVG logos as BGRA with a long side of ``LOGO_SIDE``; one-tone sets in their brand's colour where it is listed."""
    import resvg_py  # type: ignore[import-not-found, unused-ignore]  # a training dependency only

    hexes = _brand_colours(folder)
    for path in sorted(folder.rglob("*.svg")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if not _COLOURED.search(text):
            text = text.replace("<svg", f'<svg fill="#{hexes.get(_slug(path.stem), "222222")}"', 1)
        try:
            encoded = resvg_py.svg_to_bytes(svg_string=text, width=LOGO_SIDE * 2)
        except Exception:  # noqa: BLE001  (the renderer raises its own kinds; a logo less does no harm)
            continue
        pixels = cv2.imdecode(np.frombuffer(bytes(encoded), np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4 or pixels[..., 3].max() < 128:
            continue
        rows, columns = np.nonzero(pixels[..., 3].max(axis=1) > 8)[0], np.nonzero(pixels[..., 3].max(axis=0) > 8)[0]
        pixels = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if min(pixels.shape[:2]) < LOGO_SIDE // 4:
            continue
        scale = LOGO_SIDE / max(pixels.shape[:2])
        yield path.name, cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]", "", title.lower())


def _brand_colours(folder: Path) -> dict[str, str]:
    listed = folder / "data" / "simple-icons.json"
    if not listed.is_file():
        return {}
    entries = json.loads(listed.read_text(encoding="utf-8"))
    return {
        _slug(entry["title"]): entry["hex"] for entry in (entries if isinstance(entries, list) else entries["icons"])
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
