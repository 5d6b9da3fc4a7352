"""How well the brand's mark is found: recall by size and condition at 0.5 % false alarms, beside classical methods.

    python -m benchmarks.marks --pictures PICTURES [--composites 1400] [--negatives 4000] [--sheet misses.png]

PICTURES is what ``training.gather`` made; only its test part is read, through a compositor of the benchmark's own.
The threshold is the score that 0.5 % of ordinary photographs and screenshots reach; a mark is found where its score is
at least that and its box overlaps the true one. Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import functools
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines import BASELINES, Baseline, Looked
from benchmarks.mix import Mix, average_precision, bands, outcome
from benchmarks.scenes import CONDITIONS, MONO, OTHERS, SIZES, VARIANTS, Scene, scene
from detectors.brand import Kit, load_kit
from detectors.colour import colour
from detectors.marks import marks
from detectors.picture import Picture
from detectors.poses import agreement, shared

SEED: Final = 4242
FALSE_ALARMS: Final = 0.005
_ACCEPT: Final = 0.8
_ABSENT: Final = 0.2
_COLOURED: Final = 0.5
_SAME: Final = 0.3  # intersection over union: skewed marks have loose boxes, and place is what matters here


class Result(NamedTuple):
    """One method on all pictures: per composite the score where it was right (else -1), per negative its best score;
    the best score of each composite wherever it was; and the scores of all that was found and is no mark."""

    name: str
    right: NDArray[np.float64]
    photos: NDArray[np.float64]
    logos: NDArray[np.float64]
    milliseconds: float
    best: NDArray[np.float64]
    false: tuple[float, ...]

    @property
    def threshold(self) -> float:
        """The least score that no more than ``FALSE_ALARMS`` of the ordinary pictures reach."""
        ranked = np.sort(self.photos)[::-1]
        return float(np.nextafter(ranked[math.floor(FALSE_ALARMS * len(ranked))], math.inf))


def main(arguments: list[str]) -> int:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.marks", description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--kit", default="gate")
    parser.add_argument("--composites", type=int, default=1400)
    parser.add_argument("--negatives", type=int, default=4000)
    parser.add_argument(
        "--baselines", type=int, default=0, help="composites (twice as many negatives) for the classics"
    )
    parser.add_argument("--sheet", type=Path, help="contact sheet of misses and false alarms")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    kit = load_kit(options.kit)
    test = options.pictures / "test"
    photos = _read(sorted((test / "photos").iterdir()) + sorted((test / "screens").iterdir()), options.negatives)
    logos = [_on_sheet(pixels, index) for index, pixels in enumerate(_read(sorted((test / "logos").iterdir()), 1200))]
    scenes = _scenes(photos, options.composites)
    print(
        f"{len(scenes)} composites, {len(photos)} photographs and screenshots, {len(logos)} foreign logos\n", flush=True
    )
    bare = msgspec.structs.replace(kit, model=None)
    results = [
        _measure("cascade", functools.partial(_cascade, kit), scenes, photos, logos),
    ]
    if options.baselines:
        results.append(_measure("outlines alone", functools.partial(_cascade, bare), scenes, photos, logos))
    _summary(results, scenes)
    _by_size_and_condition(results[0], scenes)
    _calibration(results[0])
    _decisions(results[0], scenes)
    _others(kit, photos, options.composites // 12, results[0].threshold)
    _colours(kit, photos, logos)
    if options.baselines:
        some, others = scenes[: options.baselines], photos[: 2 * options.baselines]
        few = [
            _measure(name, functools.partial(_by, look, kit), some, others, logos[:100])
            for name, look in BASELINES.items()
        ]
        print(f"\nClassical methods, on the first {len(some)} composites and {len(others)} negatives:\n")
        _summary([_cut(results[0], len(some), len(others)), *few], some)
    if options.sheet:
        _sheet(results[0], scenes, photos, logos, options.sheet)
    return 0


def _by(look: Baseline, kit: Kit, picture: Picture) -> Looked:
    return look(picture, kit)


def _cascade(kit: Kit, picture: Picture) -> Looked:
    """Every mark of the kit counts: a false token sign approves as wrongly as a false mark."""
    return tuple((mark.score, mark.box) for mark in marks(picture, kit))


def _measure(
    name: str, look: Callable[[Picture], Looked], scenes: Sequence[Scene], photos: Sequence[NDArray[np.uint8]],
    logos: Sequence[NDArray[np.uint8]],
) -> Result:  # fmt: skip
    right, best, false = [], [], []
    for one in scenes:
        seen = look(Picture.of(one.rgb))
        there = [sure for sure, box in seen if box is None or agreement(box, one.box) >= _SAME]
        right.append(max(there, default=-1.0))
        best.append(_best(seen))
        false += [sure for sure, box in seen if box is not None and shared(box, one.box) < _SAME]
    began = time.process_time()
    plain = [look(Picture.of(pixels)) for pixels in photos]
    spent = (time.process_time() - began) / max(len(photos), 1) * 1000
    false += [sure for seen in plain for sure, _ in seen]
    foreign = [_best(look(Picture.of(pixels))) for pixels in logos]
    print(f"{name}: {spent:.1f} ms a negative", file=sys.stderr, flush=True)
    bests = np.array([_best(seen) for seen in plain])
    return Result(name, np.array(right), bests, np.array(foreign), spent, np.array(best), tuple(false))


def _best(looked: Looked) -> float:
    return max((sure for sure, _ in looked), default=-1.0)


def _cut(result: Result, scenes: int, photos: int) -> Result:
    return result._replace(right=result.right[:scenes], photos=result.photos[:photos])


def wilson(hits: int, count: int) -> str:
    """A share with its 95 % interval."""
    if count == 0:
        return "-"
    z, p = 1.96, hits / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return f"{p:.3f} ({max(0.0, middle - half):.2f}-{min(1.0, middle + half):.2f})"


def _share(result: Result, chosen: Sequence[bool]) -> str:
    hits = result.right[np.array(chosen)] >= result.threshold
    return wilson(int(hits.sum()), len(hits))


def _summary(results: Sequence[Result], scenes: Sequence[Scene]) -> None:
    print("| method | threshold | all 32-256 px | coloured | mono, 48 px up | 24 px | foreign logos over it | ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for result in results:
        usual = [one.size >= 32 for one in scenes]
        coloured = [one.size >= 32 and one.variant not in MONO for one in scenes]
        mono = [one.size >= 48 and one.variant in MONO for one in scenes]
        small = [one.size < 32 for one in scenes]
        foreign = wilson(int((result.logos >= result.threshold).sum()), len(result.logos))
        shares = " | ".join(_share(result, chosen) for chosen in (usual, coloured, mono, small))
        print(f"| {result.name} | {result.threshold:.4f} | {shares} | {foreign} | {result.milliseconds:.0f} |")


def _by_size_and_condition(result: Result, scenes: Sequence[Scene]) -> None:
    groups = ((24, 32), (48, 64), (96, 128), (192, 256))
    print(
        f"\n{result.name}: recall by condition and size, px\n\n| condition | all | "
        + " | ".join(map(str, groups))
        + " |"
    )
    print("| --- | --- |" + " --- |" * len(groups))
    for condition in CONDITIONS:
        cells = [_share(result, [one.condition == condition for one in scenes])]
        cells += [
            _share(result, [one.condition == condition and one.size in sizes for one in scenes]) for sizes in groups
        ]
        print(f"| {condition} | " + " | ".join(cells) + " |")
    print("\n| variant | recall |\n| --- | --- |")
    for variant in VARIANTS:
        print(f"| {variant} | {_share(result, [one.variant == variant for one in scenes])} |")
    print("\n| size | recall |\n| --- | --- |")
    for size in SIZES:
        print(f"| {size} | {_share(result, [one.size == size for one in scenes])} |")


def _calibration(result: Result, bins: int = 15) -> None:
    """Expected calibration error over equal-mass bins of the picture's best score: composites against as many
    ordinary pictures (evenly drawn); a picture with a mark that was not found has the score 0."""
    step = max(1, len(result.photos) // len(result.right))
    scores = np.maximum(np.concatenate([result.right, result.photos[::step]]), 0.0)
    truths = np.concatenate([np.ones(len(result.right)), np.zeros(len(result.photos[::step]))])
    order = np.argsort(scores, kind="stable")
    parts = np.array_split(order, bins)
    error = sum(len(part) * abs(scores[part].mean() - truths[part].mean()) for part in parts) / len(scores)
    print(f"\nexpected calibration error over {bins} equal-mass bins: {error:.3f}")
    accept, absent = _ACCEPT, _ABSENT
    print(f"\nat the shipped thresholds ({accept} accepts, {absent} is absent): "
          f"accepted {wilson(int((result.right >= accept).sum()), len(result.right))} of composites, "
          f"{wilson(int((result.photos >= accept).sum()), len(result.photos))} of ordinary pictures, "
          f"{wilson(int((result.logos >= accept).sum()), len(result.logos))} of foreign logos; "
          f"called absent {wilson(int((result.right < absent).sum()), len(result.right))} of composites")  # fmt: skip
    middle = (scores > 0.2) & (scores < 0.8)
    if middle.any():
        print(f"between 0.2 and 0.8: mean score {scores[middle].mean():.2f}, true {truths[middle].mean():.2f}, "
              f"{int(middle.sum())} of {len(scores)}")  # fmt: skip


def _decisions(result: Result, scenes: Sequence[Scene]) -> None:
    """Average precision, and the stated mix under bands chosen on one half of the pictures, judged on the other."""
    precision = average_precision(result.right, result.false)
    print(f"\naverage precision over composites and ordinary pictures: {precision:.4f}")
    whole = Mix(
        np.maximum(result.best, 0.0),
        np.array([one.size < 48 for one in scenes]),
        np.array([one.variant in MONO for one in scenes]),
        np.maximum(result.photos, 0.0),
        np.maximum(result.logos, 0.0),
    )
    chosen = bands(whole.part(0))
    print(
        "\n| accept | absent | wrong of approvals | marks approved | left to people | called absent | asked without |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for part, (accept, absent) in ((whole.part(1), chosen), (whole, chosen), (whole, (_ACCEPT, _ABSENT))):
        shares = " | ".join(f"{share:.4f}" for share in outcome(part, accept, absent))
        print(f"| {accept:.2f} | {absent:.2f} | {shares} |")


def _others(kit: Kit, photos: Sequence[NDArray[np.uint8]], count: int, threshold: float) -> None:
    """The brand's other marks, by their own names, at the same threshold."""
    print("\n| other mark | recall, 24-256 px |\n| --- | --- |")
    for variant in OTHERS:
        scores = []
        for one in _scenes(photos, count, (variant,)):
            found = marks(Picture.of(one.rgb), kit)
            named = (m.score for m in found if variant.startswith(m.name) and agreement(m.box, one.box) >= _SAME)
            scores.append(max(named, default=-1.0))
        print(f"| {variant} | {wilson(sum(score >= threshold for score in scores), len(scores))} |")


def _colours(kit: Kit, photos: Sequence[NDArray[np.uint8]], logos: Sequence[NDArray[np.uint8]]) -> None:
    """How often colours alone would call something the brand's."""
    scores = [[colour(Picture.of(pixels), kit).score for pixels in kind] for kind in (photos, logos)]
    shares = [wilson(sum(score >= _COLOURED for score in kind), len(kind)) for kind in scores]
    print(f"\ncolour score of at least {_COLOURED}: {shares[0]} of ordinary pictures, {shares[1]} of foreign logos")


def _scenes(photos: Sequence[NDArray[np.uint8]], count: int, variants: Sequence[str] = VARIANTS) -> list[Scene]:
    rng = np.random.default_rng(SEED)
    made: list[Scene] = []
    while len(made) < count:
        number = len(made)
        size, condition = SIZES[number % len(SIZES)], CONDITIONS[(number // len(SIZES)) % len(CONDITIONS)]
        background = photos[int(rng.integers(len(photos)))]
        one = scene(rng, background, size, str(rng.choice(variants)), condition)
        if one is not None:
            made.append(one)
    return made


def _read(paths: Sequence[Path], most: int) -> list[NDArray[np.uint8]]:
    chosen = [paths[index * len(paths) // most] for index in range(most)] if len(paths) > most else paths
    read = (
        cv2.imread(str(path), cv2.IMREAD_UNCHANGED if path.suffix == ".png" else cv2.IMREAD_COLOR) for path in chosen
    )
    return [
        np.ascontiguousarray(p[..., [2, 1, 0, 3] if p.shape[2] == 4 else [2, 1, 0]]).astype(np.uint8)
        for p in read
        if p is not None
    ]


def _on_sheet(rgba: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
    """A foreign logo as people post them: on white, on black, or on a blue near the brand's, with a margin."""
    ground = ((255, 255, 255), (12, 12, 14), (255, 255, 255), (0x1A, 0x5C, 0xE8))[index % 4]
    sheet = np.full((320, 320, 3), ground, np.uint8)
    height, width = rgba.shape[:2]
    top, left = (320 - height) // 2, (320 - width) // 2
    alpha = rgba[..., 3:].astype(np.float32) / 255
    sheet[top : top + height, left : left + width] = np.rint(rgba[..., :3] * alpha + np.array(ground) * (1 - alpha))
    return sheet


def _sheet(
    result: Result,
    scenes: Sequence[Scene],
    photos: Sequence[NDArray[np.uint8]],
    logos: Sequence[NDArray[np.uint8]],
    path: Path,
) -> None:
    """Up to 60 misses (their surroundings) above the 30 worst false alarms."""
    tiles = []
    for index in np.nonzero(result.right < result.threshold)[0][:60]:
        one = scenes[int(index)]
        x, y, w, h = one.box
        reach = 0.9 * max(w, h) + 12
        rows = slice(max(0, int(y + h / 2 - reach)), int(y + h / 2 + reach))
        columns = slice(max(0, int(x + w / 2 - reach)), int(x + w / 2 + reach))
        tiles.append(one.rgb[rows, columns])
    tiles += [photos[int(index)] for index in np.argsort(-result.photos)[:15]]
    tiles += [logos[int(index)] for index in np.argsort(-result.logos)[:15]]
    small = [np.asarray(cv2.resize(tile, (120, 120), interpolation=cv2.INTER_AREA), np.uint8) for tile in tiles]
    small += [np.zeros((120, 120, 3), np.uint8)] * (-len(small) % 15)
    lines = [np.hstack(small[start : start + 15]) for start in range(0, len(small), 15)]
    cv2.imwrite(str(path), np.vstack(lines)[..., ::-1])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
