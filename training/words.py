"""Learns the vocabulary of local features from pictures.

    python -m training.words PICTURES assets/features/words.npz

``PICTURES`` is a folder of pictures, searched with all below it; ``python -m training.gather`` makes one, and only its
``train`` part was used for the vocabulary that is shipped. The same pictures give the same file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import cv2
import faiss
import numpy as np
import numpy.typing as npt

from detectors import features, words

_SEED: Final = 1
_ROUNDS: Final = 25
_MOST_PICTURES: Final = 1_500


def main(arguments: list[str]) -> int:
    """Learn and write."""
    folder, out = Path(arguments[0]), Path(arguments[1])
    vectors = _gathered(folder)
    centres = [_centres(half) for half in words.halves(vectors)]
    levels = np.median(words.signs(vectors), axis=0)
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(out, centres=np.rint(centres).astype(np.uint8), levels=np.rint(levels).astype(np.int16))
    print(f"{len(vectors)} features; {out}: {out.stat().st_size} bytes")
    return 0


def _gathered(folder: Path) -> npt.NDArray[np.uint8]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))
    step = max(1, len(paths) // _MOST_PICTURES)
    found = []
    for path in paths[::step]:
        gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        vectors = None if gray is None else features.descriptors(np.asarray(gray, np.uint8))
        if vectors is not None:
            found.append(vectors)
    return np.concatenate(found)


def _centres(half: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    means = faiss.Kmeans(half.shape[1], words.CENTRES, niter=_ROUNDS, seed=_SEED, max_points_per_centroid=2_000)
    means.train(half)
    return np.asarray(means.centroids, np.float32)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
