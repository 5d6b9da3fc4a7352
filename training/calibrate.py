"""Fits the probabilities of a kit's detector on the validation pictures, and writes them into its manifest.

    python -m training.calibrate --kit assets/brands/gate --pictures pictures

Candidates of the whole cascade on composites (validation backgrounds and logos) and on bare validation pictures are
labelled by overlap with what was laid there; logistic regression over the stages' scores gives the calibration. Each
picture weighs as much as its kind has pictures among those to be judged (``SHARES``), however many there are of it.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import MANIFEST, load_kit
from detectors.evidence import Box
from detectors.marks import Findings, candidates
from detectors.picture import Picture
from detectors.poses import agreement, box
from training.backgrounds import Library
from training.composites import Compositor, Placed

SEED = 77
_SIDE = 640
_LARGEST = 320.0
_RIDGE = 0.3
SHARES: Final = {"with marks": 0.55, "ordinary": 0.405, "foreign logos": 0.045}
_SAME = 0.3


def main(arguments: list[str]) -> int:
    """Collect, fit, write."""
    parser = argparse.ArgumentParser(prog="python -m training.calibrate")
    parser.add_argument("--kit", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=400)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    kit = load_kit(options.kit)
    library = Library(options.pictures / "validation")
    compositor = Compositor(kit, library, _SIDE, _LARGEST)
    rows: list[Findings] = []
    truths: list[float] = []
    weights: list[float] = []
    for number in range(options.scenes):
        rgb, placed = compositor.scene(np.random.default_rng((SEED, number)))
        true = [(compositor.classes[each.mark], upright(each)) for each in placed]
        for one in candidates(Picture.of(rgb), kit):
            if one.findings is not None:
                place = box(one.pose)
                rows.append(one.findings)
                truths.append(float(any(n == one.mark and agreement(place, there) > _SAME for n, there in true)))
                weights.append(SHARES["with marks"] / options.scenes)
    logos = [_posted(logo, index) for index, logo in enumerate(library.logos)]
    for kind, pictures in (("ordinary", library.photos + library.screens), ("foreign logos", logos)):
        for pixels in pictures:
            found = [one.findings for one in candidates(Picture.of(pixels), kit) if one.findings is not None]
            rows += found
            truths += [0.0] * len(found)
            weights += [SHARES[kind] / len(pictures)] * len(found)
    odds = fit(np.array(rows), np.array(truths), np.array(weights))
    print(f"{len(rows)} candidates, {sum(truths):.0f} marks: {odds.round(4).tolist()}", file=sys.stderr)
    manifest = options.kit / MANIFEST
    text = re.sub(r"\ncalibration = .*", "", manifest.read_text(encoding="utf-8")).rstrip("\n")
    values = ", ".join(f"{value:.4f}" for value in odds)
    manifest.write_text(f"{text}\ncalibration = [{values}]\n", encoding="utf-8")
    return 0


def upright(placed: Placed) -> Box:
    """The box of a placed mark, its turn left aside."""
    width, height = placed.size * math.sqrt(placed.aspect), placed.size / math.sqrt(placed.aspect)
    return placed.x - width / 2, placed.y - height / 2, width, height


def _posted(rgba: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
    """A foreign logo on white or black, with a margin."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    flat = rgba[..., :3] * alpha + (255 * (index % 2)) * (1 - alpha)
    ground = [255.0 * (index % 2)] * 3
    return np.asarray(cv2.copyMakeBorder(flat, 80, 80, 80, 80, cv2.BORDER_CONSTANT, value=ground), np.uint8)


def fit(
    rows: NDArray[np.float64], truths: NDArray[np.float64], shares: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Logistic regression by Newton's method: the constant, then a weight a column. ``shares``: how much each row
    counts (default: alike). A ridge keeps a finding that no false candidate has from making certain by itself."""
    design = np.concatenate([np.ones((len(rows), 1)), rows], axis=1)
    weights = np.zeros(design.shape[1])
    counts = np.ones(len(rows)) if shares is None else shares * len(rows) / shares.sum()
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -40, 40)))
        slope = design.T @ (counts * (truths - p)) - _RIDGE * weights
        bend = (design * (counts * p * (1 - p))[:, None]).T @ design + _RIDGE * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
