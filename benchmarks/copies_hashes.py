"""Whole-picture hashes of the field, to stand beside the bot's own cascade in benchmarks/copies.py.

imagededup is no dependency: give the folder it is installed in (``pip install --no-deps --target FOLDER imagededup
matplotlib scikit-learn tqdm`` and what these ask for). Its packages import torch as they start, which its hashes do
not need, so the one module that makes hashes is loaded alone.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from detectors.evidence import Fingerprint

Pixels = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint8]

__all__ = ["Hashes"]

_BY_HASH: Final = {"pHash": (64, 8), "dHash": (64, 10), "PDQ": (256, 31), "PDQx8": (256, 31)}
_DEDUP: Final = {"dedup PHash": "PHash", "dedup DHash": "DHash", "dedup WHash": "WHash"}
_KEPT: Final = 20  # candidates of one query that rank
_FARTHEST: Final = 0.4  # of the bits, beyond which nothing ranks


class Hashes:
    """Makes and compares hashes. ``methods``: name to (bits, usual threshold in bits): the documented defaults, 8 for
    imagehash's pHash as in its examples, 10 for imagededup."""

    def __init__(self, imagededup: Path | None) -> None:
        self.methods = dict(_BY_HASH)
        self._dedup: dict[str, Any] = {}
        if imagededup is not None:
            module = _hashing(imagededup)
            self._dedup = {name: getattr(module, kind)(verbose=False) for name, kind in _DEDUP.items()}
            self.methods |= dict.fromkeys(_DEDUP, (64, 10))
        self._rows: dict[str, list[Bits]] = {name: [] for name in self.methods}
        self._tables: dict[str, Bits] = {}

    def of(self, rgb: Pixels, seen: Fingerprint) -> dict[str, bytes]:
        """The hashes of one picture; PDQx8 is its eight in a row."""
        image = Image.fromarray(rgb)
        found = {
            "pHash": np.packbits(imagehash.phash(image).hash.ravel()).tobytes(),
            "dHash": np.packbits(imagehash.dhash(image).hash.ravel()).tobytes(),
            "PDQ": bytes.fromhex(seen.pdq),
            "PDQx8": bytes.fromhex("".join(seen.orientations)),
        }
        for name, method in self._dedup.items():
            found[name] = bytes.fromhex(method.encode_image(image_array=rgb))
        return found

    def add(self, hashes: dict[str, bytes]) -> None:
        """Put one picture into the history."""
        for name, rows in self._rows.items():
            rows.append(np.frombuffer(hashes[name], np.uint8)[: self.methods[name][0] // 8])

    def found(self, hashes: dict[str, bytes]) -> dict[str, list[tuple[float, int]]]:
        """Per method the nearest of the history: (1 - distance / bits, place), best first."""
        found = {}
        for name, rows in self._rows.items():
            bits = self.methods[name][0]
            if name not in self._tables:
                self._tables[name] = np.stack(rows)
            table = self._tables[name]
            views = np.frombuffer(hashes[name], np.uint8).reshape(-1, bits // 8)
            apart = np.min([np.bitwise_count(table ^ view).sum(axis=1, dtype=np.int64) for view in views], axis=0)
            order = np.argsort(apart, kind="stable")[:_KEPT]
            found[name] = [(round(1 - int(apart[i]) / bits, 4), int(i)) for i in order if apart[i] <= _FARTHEST * bits]
        return found


def _hashing(folder: Path) -> types.ModuleType:
    sys.path.append(str(folder))
    for name in ("imagededup", "imagededup.methods", "imagededup.utils"):
        package = types.ModuleType(name)
        package.__path__ = [str(folder.joinpath(*name.split(".")))]
        sys.modules[name] = package
    load: Callable[[str], types.ModuleType] = importlib.import_module
    return load("imagededup.methods.hashing")
