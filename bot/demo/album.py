"""Every picture and video of the demo by name, and how it is made. The same name gives the same bytes."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from bot.demo import edits, places, things
from bot.demo.clips import clip
from bot.demo.drawing import Pixels
from bot.demo.edits import jpeg, png, webp
from bot.demo.hostile import broken_jpeg, huge_png, page_of_html
from bot.demo.prints import Print, drawing, poster

Scene = Callable[..., Pixels]

_BLUE, _EARLIER, _RED = (0, 104, 255), (35, 84, 230), (211, 87, 86)


@functools.lru_cache(maxsize=128)
def pixels(name: str) -> Pixels:
    """A picture of ``SHOTS`` as pixels. KeyError where there is none."""
    scene, mark, options = SHOTS[name]
    return scene(np.random.default_rng(zlib.crc32(name.encode())), mark, **options)


def draw(name: str) -> bytes:
    """The file of that name. KeyError where there is none."""
    recipe = FILES.get(name)
    return recipe() if recipe is not None else (png if name in _PNG else jpeg)(pixels(name))


def names() -> tuple[str, ...]:
    """Everything that can be drawn."""
    return (*SHOTS, *FILES)


def kind(name: str) -> str:
    """The content type that the media host tells of it."""
    if name in _CLIPS:
        return "video/mp4"
    if name.startswith("page-"):
        return "text/html"
    return "image/png" if name in _PNG else "image/jpeg"


def _with(variant: str, size: float, **place: float) -> Print:
    return Print(drawing=variant, size=size, **place)


SHOTS: Final[Mapping[str, tuple[Scene, Print | None, dict[str, Any]]]] = {
    # things with the mark, as people show them
    "desk-large": (things.desk, _with("mark/current", 240), {}),
    "desk-tilted": (
        things.desk,
        _with("mark/current", 170, degrees=32, lean=0.12),
        {"lid": (236, 236, 236), "side": -1},
    ),
    "desk-small": (things.desk, _with("mark/white-mint", 44, dx=190, dy=-120), {"lid": (30, 32, 38)}),
    "mug-white": (things.mug, _with("mark/current", 170), {}),
    "mug-dark": (things.mug, _with("mark/mono-white", 150), {"glaze": (40, 44, 52), "at": 560}),
    "mug-old": (things.mug, _with("old/red", 180), {"at": 300}),
    "cap-mono": (things.cap, _with("mark/mono-white", 130), {}),
    "cap-earlier": (things.cap, _with("mark/earlier", 120, degrees=-8), {"cloth": (232, 230, 226), "at": 560}),
    "shirt-white": (things.shirt, _with("mark/current", 190), {}),
    "shirt-black": (things.shirt, _with("mark/mono-white", 160), {"cloth": (30, 30, 34), "folds": 0.12}),
    "shirt-wordmark": (
        things.shirt,
        _with("lockup/current", 280),
        {"cloth": (240, 238, 230), "folds": 0.1, "hung": False},
    ),
    "pillow-blue": (things.pillow, _with("mark/white-mint", 230), {"cloth": _BLUE}),
    "pillow-white": (things.pillow, _with("mark/earlier", 200), {"cloth": (238, 236, 230), "sofa": (84, 72, 66)}),
    "badge": (things.badge, _with("lockup/current", 290), {}),
    "coin-gt": (things.coin, _with("gt/red", 180), {}),
    "token-disc": (things.coin, _with("gt/on-red", 220), {"many": 5}),
    "gift-wordmark": (things.gift, _with("lockup/current", 250), {}),
    "gift-mono": (things.gift, _with("mark/mono-black", 140), {"paper": (222, 190, 120), "ribbon": (60, 80, 70)}),
    "car": (things.car, _with("mark/white-mint", 74), {}),
    "cake": (things.cake, _with("mark/current", 170), {"tiers": 2}),
    "street-sign": (places.street, _with("lockup/current", 270), {}),
    "street-tile": (places.street, _with("mark/on-blue", 140), {"left": 560, "sign": (236, 236, 232)}),
    "balloon": (places.sky, _with("mark/current", 230), {}),
    "stage-wall": (places.stage, _with("lockup/on-dark", 460), {}),
    "stage-blue": (places.stage, _with("mark/white-mint", 230, dx=-60), {"wall": _EARLIER, "beams": 3}),
    "crowd-sign": (places.crowd, _with("mark/current", 210, degrees=12, lean=0.15), {}),
    "summit-flag": (places.hills, _with("mark/current", 150), {"flag": (250, 250, 250)}),
    "app-light": (places.app, _with("lockup/current", 128), {}),
    "app-dark": (places.app, _with("lockup/on-dark", 122), {"dark": True, "rise": False}),
    "notebook": (places.note, _with("mark/current", 30), {}),
    "first-trade": (places.app, _with("mark/current", 36, dx=-44), {"rise": False}),
    # more of the same, for copies to be made of
    "mug-trip": (things.mug, _with("mark/earlier", 160), {"glaze": (226, 220, 210), "at": 640}),
    "cap-trip": (things.cap, _with("mark/white-mint", 130), {"cloth": _BLUE, "at": 400}),
    "desk-night": (things.desk, _with("mark/mono-white", 150), {"lid": (26, 28, 34), "side": -1}),
    "booth": (places.stage, _with("mark/on-white", 180, dx=120), {"wall": (30, 26, 60), "beams": 5}),
    "parcel": (things.gift, _with("mark/current", 150), {"paper": (200, 164, 120), "ribbon": (90, 60, 40)}),
    "balloon-two": (places.sky, _with("mark/white-mint", 210), {"balloon": _EARLIER}),
    "flag-blue": (places.hills, _with("lockup/on-blue", 260), {"flag": _BLUE}),
    "party": (things.cake, _with("mark/earlier", 150), {"icing": (120, 170, 226), "at": 300}),
    "march": (places.crowd, _with("lockup/current", 340), {}),
    "jacket": (things.badge, _with("mark/current", 160), {"lace": _BLUE}),
    "night-shop": (places.street, _with("mark/white-mint", 120), {"left": 120, "sign": (20, 60, 200)}),
    "pillow-gift": (things.pillow, _with("lockup/current", 300), {"cloth": (244, 244, 240), "sofa": (60, 90, 110)}),
    "race": (things.car, _with("mark/mono-white", 74), {"paint": (150, 26, 34)}),
    "shirt-grey": (things.shirt, _with("mark/mono-black", 170), {"cloth": (190, 192, 196), "folds": 0.1}),
    # one's own pictures under posts that are about something else
    "balloon-blue": (places.sky, _with("mark/mono-white", 200), {"balloon": _BLUE}),
    "pillow-mint": (things.pillow, _with("mark/mono-black", 210), {"cloth": (150, 226, 196), "sofa": (190, 180, 170)}),
    "pillow-red": (things.pillow, _with("mark/mono-white", 200), {"cloth": (176, 40, 52), "sofa": (228, 226, 220)}),
    "desk-oak": (things.desk, _with("lockup/current", 330), {"lid": (246, 246, 246)}),
    "desk-blue": (things.desk, _with("mark/white-mint", 180), {"lid": _EARLIER, "side": -1}),
    "gift-blue": (things.gift, _with("mark/white-mint", 150), {"paper": _BLUE, "ribbon": (240, 240, 240)}),
    "mug-green": (things.mug, _with("mark/mono-white", 150), {"glaze": (40, 110, 80), "at": 250}),
    "mug-camp": (things.mug, _with("mark/mono-black", 160), {"glaze": (170, 232, 206), "at": 700}),
    "mug-late": (things.mug, _with("lockup/current", 240), {"glaze": (250, 250, 246), "at": 500}),
    "badge-two": (things.badge, _with("mark/earlier", 170), {"lace": (210, 210, 214), "at": 250}),
    "cap-green": (things.cap, _with("mark/mono-white", 120), {"cloth": (40, 96, 70), "at": 330}),
    "cap-sky": (things.cap, _with("mark/mono-black", 120), {"cloth": (170, 204, 232), "at": 640}),
    "stage-two": (places.stage, _with("mark/mono-white", 220), {"wall": (90, 30, 60), "beams": 2}),
    "stage-three": (places.stage, _with("mark/on-blue", 210, dx=-170), {"wall": (220, 224, 232), "beams": 6}),
    "coin-two": (things.coin, _with("mark/earlier", 170), {"many": 1}),
    "cake-two": (things.cake, _with("mark/mono-black", 160), {"icing": (230, 190, 90), "tiers": 3, "at": 430}),
    "crowd-two": (places.crowd, _with("mark/earlier", 200), {}),
    "street-two": (places.street, _with("mark/current", 120), {"left": 20}),
    "shirt-navy": (things.shirt, _with("mark/white-mint", 180), {"cloth": (24, 34, 70), "folds": 0.12}),
    "wallet": (places.wallet, _with("lockup/current", 132), {}),
    # nothing of the brand, or nothing but its colours
    "shirt-patch": (things.shirt, _with("other/patch", 220), {"cloth": (226, 228, 232), "folds": 0.1}),
    "coffee": (things.coffee, None, {}),
    "noodles": (things.noodles, None, {}),
    "cat": (things.cat, None, {}),
    "cat-grey": (things.cat, None, {"fur": (150, 150, 158), "ground": (236, 214, 190)}),
    "sea": (places.sea, None, {}),
    "hills": (places.hills, None, {}),
    "night": (places.night, None, {}),
    "clouds": (places.sky, None, {"balloon": None}),
    "chart-up": (places.chart, None, {}),
    "chart-down": (places.chart, None, {"rise": False}),
    "diary": (places.note, None, {"lines": 13}),
    "mug-power": (things.mug, _with("other/power", 150), {"glaze": (250, 248, 240), "at": 360}),
    "badge-pie": (things.badge, _with("other/pie", 180), {"lace": (140, 60, 60), "at": 460}),
    "cap-initial": (things.cap, _with("other/initial", 130), {"cloth": (236, 232, 224), "at": 620}),
}
"""Scene, mark, options. The dice are seeded with the name."""

FILES: Final[Mapping[str, Callable[[], bytes]]] = {
    "poster": lambda: png(poster()),
    "poster-sent-on": lambda: jpeg(edits.resized(poster(), 0.6), 70),
    "bare-logo": lambda: png(_bare("lockup/current")),
    "mug-trip-smaller": lambda: jpeg(edits.resized(pixels("mug-trip"), 0.6), 62),
    "cap-trip-mirrored": lambda: jpeg(edits.mirrored(pixels("cap-trip")), 84),
    "booth-turned": lambda: jpeg(edits.sideways(pixels("booth")), 84),
    "jacket-filtered": lambda: jpeg(edits.tinted(pixels("jacket")), 80),
    "party-webp": lambda: webp(pixels("party")),
    "march-cropped": lambda: jpeg(edits.cropped(pixels("march"), 0.72, (0.5, 0.7)), 88),
    "flag-cropped": lambda: jpeg(edits.cropped(pixels("flag-blue"), 0.62, (0.5, 0.3)), 88),
    "street-screenshot": lambda: png(edits.screenshot(pixels("street-sign"), "Jiepai_Team")),
    "collage": lambda: jpeg(edits.side_by_side(pixels("crowd-sign"), pixels("night")), 86),
    "shirt-code": lambda: jpeg(edits.with_code(pixels("shirt-grey"), "https://t.me/+gatevipsignals"), 90),
    "clip-shop": lambda: clip(pixels("night-shop")),
    "clip-race": lambda: clip(pixels("race"), way=-1),
    "clip-race-again": lambda: clip(edits.resized(pixels("race"), 0.8), way=-1),
    "clip-sea": lambda: clip(pixels("sea")),
    "broken": lambda: broken_jpeg(jpeg(pixels("sea"))),
    "huge": huge_png,
    "page-login": page_of_html,
}
"""Files that are not just one shot: copies and edits, videos, and what is no picture at all."""

_PNG: Final = frozenset(
    {
        "app-light",
        "app-dark",
        "first-trade",
        "chart-up",
        "chart-down",
        "poster",
        "bare-logo",
        "street-screenshot",
        "huge",
    }
)
_CLIPS: Final = frozenset({"clip-shop", "clip-race", "clip-race-again", "clip-sea"})


def _bare(name: str) -> Pixels:
    """A logo on white, as it comes from a search for it."""
    sign = drawing(name).astype(np.float32)
    rows = np.flatnonzero(sign[..., 3].any(axis=1))
    sign = sign[rows[0] : rows[-1] + 1]
    cover = sign[..., 3:] / 255
    return np.ascontiguousarray(np.clip(sign[..., :3] * cover + 255 * (1 - cover), 0, 255).astype(np.uint8))
