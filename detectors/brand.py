"""Brand kits: a folder with a manifest (``brand.toml``), drawn marks, official posters and a model.

A kit is data: another brand is another folder. Loading verifies every file against its hash in the manifest, so the
kit's own hash names exactly what the detectors looked for.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detectors.assets import assets_root as assets_root
from detectors.evidence import Value

MANIFEST = "brand.toml"
_MAX_SIDE = 8192

Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Fractions = tuple[float, float, float, float]
"""A box (x, y, w, h) as fractions of a picture."""
WHOLE: Final[Fractions] = (0.0, 0.0, 1.0, 1.0)
Hex = Annotated[str, msgspec.Meta(pattern=r"^#[0-9A-Fa-f]{6}$")]


class KitError(ValueError):
    """A brand kit cannot be used; the message is one line for people."""


class KitColour(Value, frozen=True):
    """One brand colour in every sRGB value (``#RRGGBB``) met in the wild."""

    name: Word
    values: Annotated[tuple[Hex, ...], msgspec.Meta(min_length=1)]

    @property
    def rgb(self) -> tuple[tuple[int, int, int], ...]:
        """The values as (r, g, b), 0..255."""
        return tuple((int(v[1:3], 16), int(v[3:5], 16), int(v[5:7], 16)) for v in self.values)


class ColourPair(Value, frozen=True):
    """Two kit colours that touch in a mark; ``ratio`` is the area of the second over the area of the first."""

    first: Word
    second: Word
    ratio: Annotated[float, msgspec.Meta(gt=0)]


class Asset(Value, frozen=True):
    """One picture of the kit. A ``mark`` shows the named mark alone on a transparent or plain ground, at ``box``
    (x, y, w, h as fractions of the picture); a ``poster`` is an official picture that anybody may post, or the artwork
    of merchandise. Photographed again it counts as the mark it names; without a name it is not looked for.
    ``holds`` says where another mark stands inside this one, in the same fractions: a lock-up holds the bare mark.
    ``svg``, ``height`` (px) and ``paint`` (element id to colour) say how the file was drawn, where it was."""

    file: str
    sha256: str
    kind: Literal["mark", "poster"]
    origin: str
    mark: Word | None = None
    variant: Word | None = None
    box: Fractions = WHOLE
    holds: dict[str, Fractions] = msgspec.field(default_factory=dict)
    svg: str | None = None
    height: int = 256
    paint: dict[str, Hex] = msgspec.field(default_factory=dict)


class ModelFile(Value, frozen=True):
    """The kit's trained detector: an ONNX file with its hash, the version that stands in evidence, the marks that its
    first outputs stand for, in order, and the calibration of its scores: log-odds = constant, and a weight each for
    what ``detectors.marks.Findings`` tells."""

    file: str
    sha256: str
    version: str
    marks: tuple[Word, ...]
    calibration: tuple[float, float, float, float] = (0.0, 1.0, 0.0, 0.0)


class _Brand(Value, frozen=True):
    name: Word
    title: str
    marks: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1)]


class Manifest(Value, frozen=True):
    """``brand.toml`` as it is written."""

    brand: _Brand
    colours: tuple[KitColour, ...] = ()
    pairs: tuple[ColourPair, ...] = ()
    assets: tuple[Asset, ...] = ()
    model: ModelFile | None = None


class Kit(Value, frozen=True):
    """A loaded, verified kit. Small and picklable: pixels are read when a detector first asks for them.

    ``hash`` is the SHA-256 (hex) of the manifest, which itself holds the hash of every file.
    """

    name: str
    title: str
    hash: str
    directory: str
    marks: tuple[str, ...]
    colours: tuple[KitColour, ...]
    pairs: tuple[ColourPair, ...]
    assets: tuple[Asset, ...]
    model: ModelFile | None = None

    def __hash__(self) -> int:
        return hash(self.hash)

    def colour(self, name: str) -> KitColour:
        """The colour of that name; KeyError where the kit has none."""
        for colour in self.colours:
            if colour.name == name:
                return colour
        raise KeyError(name)

    def of_mark(self, mark: str) -> tuple[Asset, ...]:
        """The drawings of one mark, in the manifest's order; none for what is known by its artwork."""
        return tuple(asset for asset in self.assets if asset.kind == "mark" and asset.mark == mark)

    @property
    def posters(self) -> tuple[Asset, ...]:
        """The official pictures."""
        return tuple(asset for asset in self.assets if asset.kind == "poster")

    def path(self, file: str) -> Path:
        """Where a file of the kit lies."""
        return Path(self.directory) / file

    def picture(self, asset: Asset) -> NDArray[np.uint8]:
        """The asset's pixels, (H, W, 4) RGBA with straight alpha; read once a process, not writeable."""
        return _pixels(str(self.path(asset.file)), asset.sha256)


@functools.lru_cache(maxsize=256)
def _pixels(path: str, sha256: str) -> NDArray[np.uint8]:
    return _decode(verified_bytes(Path(path), sha256))


def list_kits() -> tuple[str, ...]:
    """Names of the shipped kits, sorted."""
    return tuple(sorted(path.parent.name for path in (assets_root() / "brands").glob(f"*/{MANIFEST}")))


def load_kit(name_or_dir: str | Path = "gate") -> Kit:
    """A shipped kit by its name, or any folder with a manifest.

    Raises KitError (one line) where it is missing, malformed, or a file differs from its hash.
    """
    directory = _locate(name_or_dir)
    problems = check_kit(directory)
    if problems:
        raise KitError(problems[0])
    manifest = read_manifest(directory)
    return Kit(
        name=manifest.brand.name,
        title=manifest.brand.title,
        hash=hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest(),
        directory=str(directory),
        marks=manifest.brand.marks,
        colours=manifest.colours,
        pairs=manifest.pairs,
        assets=manifest.assets,
        model=manifest.model,
    )


def read_manifest(directory: Path) -> Manifest:
    """``brand.toml`` of that folder, its form checked but not the files it names. Raises KitError."""
    path = directory / MANIFEST
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise KitError(f"{path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KitError(f"{path}: {' '.join(str(error).split())}") from error


def check_kit(directory: Path) -> list[str]:
    """What is wrong with the kit in that folder, a line each; empty where it is sound."""
    try:
        manifest = read_manifest(directory)
    except KitError as error:
        return [str(error)]
    path = directory / MANIFEST
    problems = [f"{path}: {line}" for line in _inconsistencies(manifest)]
    for asset in manifest.assets:
        try:
            file = _inside(directory, asset.file)
            verified_bytes(file, asset.sha256)  # as it is now, whatever was decoded before
            pixels = _pixels(str(file), asset.sha256)
        except KitError as error:
            problems.append(f"{path}: {asset.file}: {error}")
        else:
            if asset.kind == "mark" and not pixels[:, :, 3].any():
                problems.append(f"{path}: {asset.file}: is transparent all over")
    if manifest.model is not None:
        try:
            verified_bytes(_inside(directory, manifest.model.file), manifest.model.sha256)
        except KitError as error:
            problems.append(f"{path}: {manifest.model.file}: {error}")
    return problems


def _inconsistencies(manifest: Manifest) -> list[str]:
    found: list[str] = []
    marks, colours = manifest.brand.marks, [colour.name for colour in manifest.colours]
    files = [asset.file for asset in manifest.assets]
    found += [f"{name!r} stands twice" for names in (marks, colours, files) for name in _twice(names)]
    for pair in manifest.pairs:
        found += [f"pair: no colour {name!r}" for name in (pair.first, pair.second) if name not in colours]
    for asset in manifest.assets:
        if (asset.kind == "mark" or asset.mark is not None) and asset.mark not in marks:
            found.append(f"{asset.file}: mark {asset.mark!r} is not among the brand's marks")
        found += [f"{asset.file}: holds no such mark as {name!r}" for name in asset.holds if name not in marks]
        for x, y, w, h in (asset.box, *asset.holds.values()):
            if not (0 <= x < x + w <= 1 and 0 <= y < y + h <= 1):
                found.append(f"{asset.file}: box is not inside the picture")
    drawn = {asset.mark for asset in manifest.assets}
    if manifest.model is not None:
        found += [f"model: no mark {mark!r}" for mark in manifest.model.marks if mark not in marks]
    found += [f"mark {mark!r} has no drawing" for mark in marks if mark not in drawn]
    return found


def _twice(names: tuple[str, ...] | list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _locate(name_or_dir: str | Path) -> Path:
    if isinstance(name_or_dir, str) and re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name_or_dir):
        shipped = assets_root() / "brands" / name_or_dir
        if (shipped / MANIFEST).is_file():
            return shipped
    directory = Path(name_or_dir)
    if not (directory / MANIFEST).is_file():
        raise KitError(f"no brand kit {str(name_or_dir)!r}: neither shipped ({', '.join(list_kits())}) nor a folder")
    return directory.resolve()


def _inside(directory: Path, file: str) -> Path:
    parts = PurePosixPath(file)
    path = directory / file
    if parts.is_absolute() or ".." in parts.parts or not path.resolve().is_relative_to(directory.resolve()):
        raise KitError("lies outside the kit")
    return path


def verified_bytes(path: Path, sha256: str) -> bytes:
    """The file's content. Raises KitError where it is missing or differs from its hash."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KitError(error.strerror or str(error)) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise KitError("differs from its sha256 in the manifest")
    return data


def _decode(data: bytes) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP"]) as image:
            if max(image.size) > _MAX_SIDE:
                raise KitError(f"is larger than {_MAX_SIDE} px")
            pixels = np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, KitError):
            raise
        raise KitError("is no PNG, JPEG or WebP picture") from error
    pixels.flags.writeable = False
    return pixels
