"""Whether threshold advice holds on posts it has not seen: ``python -m benchmarks.advice [--pictures PICTURES]``.

With PICTURES (what ``training.gather`` made; only its test part is read) posts show the pictures of
``benchmarks.marks``, one each, in the mix that ``benchmarks.mix`` states, and their scores are the shipped detector's.
``--scores FILE`` keeps them for another run. Without PICTURES scores are made up, overlapping as a middling detector's
do.

Half of the pictures are shown by 20,000 posts, reviewed under the band of today, and give advice, as ``bot.review``
gives it. Moderators err in one of a hundred cases; one in ten decisions waits for a second one, and a third settles
where two disagree: with "twice" these alone teach. On 20,000 posts with the other half of the pictures are counted,
today and under the advice: the queue; the recall, posts without the brand that end refused; posts with it that end
refused. Moderators' own errors are included. The intervals are bootstrap's, 95 %: the pictures of each half are drawn
anew in every round.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.mix import Mix
from benchmarks.scenes import CONDITIONS, MONO, SIZES, VARIANTS, scene
from bot.review.advice import Band, Budget, Floats, advise
from detectors.brand import Kit, load_kit
from detectors.marks import marks
from detectors.picture import Picture

Bools = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]

_ERR: Final = 0.01
_SECOND: Final = 0.1
_POSTS: Final = 20_000
_ROUNDS: Final = 200
_BUDGETS: Final = ((0.0, 0.005), (0.002, 0.005), (0.002, 0.01), (0.01, 0.01))


def main() -> None:
    """Each band of today under several budgets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--scores", type=Path, help="A .npz file: read where it is there, else written.")
    parser.add_argument("--composites", type=int, default=4200)
    given = parser.parse_args()
    if given.scores is not None and given.scores.exists():
        mix = Mix(**np.load(given.scores))
    elif given.pictures is not None:
        mix = measured(given.pictures / "test", given.composites)
        if given.scores is not None:
            np.savez(given.scores, **mix._asdict())
    else:
        mix = made_up(np.random.default_rng(0), 20_000)
    print("band of today  taught by   missed wronged   queue                   recall, then      refused, then")
    for now, twice in itertools.product((Band(low=0.0, high=0.8), Band(low=0.2, high=0.8)), (False, True)):
        for missed, wronged in _BUDGETS:
            may = Budget(missed=missed, wronged=wronged)
            runs = [found for seed in range(_ROUNDS) if (found := run(seed, mix, now, may, twice=twice)) is not None]
            taught = "twice" if twice else "all"
            head = f"{now.low:.1f} - {now.high:.1f}      {taught:9} {missed:>7.1%} {wronged:>7.1%}"
            if not runs:
                print(f"{head}   too few decisions in the band")
                continue
            queue, before, after, refused, refused_then = np.array(runs).T
            low, high = np.percentile(-queue, (2.5, 97.5))
            print(
                f"{head} {-queue.mean():>7.1%} ({low:.1%} to {high:.1%}) {before.mean():>8.2%}"
                f" {after.mean():>7.2%} {refused.mean():>8.2%} {refused_then.mean():>7.2%}"
            )


def run(seed: int, mix: Mix, now: Band, may: Budget, *, twice: bool) -> tuple[float, ...] | None:
    """One round: share of the queue saved; recall today and then; posts with the brand refused today and then. None
    where too little was decided to advise."""
    dice = np.random.default_rng(seed)
    (score, _, word, again), (held, held_branded, held_word, _) = (posts(mix.part(half), dice) for half in (0, 1))
    reviewed = (score >= now.low) & (score < now.high) & (again | (not twice))
    found = advise(score[reviewed], word[reviewed], now, may, rejects=True)
    if found is None:
        return None
    queue, recall, refused = zip(
        *(outcome(held, held_branded, held_word, band) for band in (now, found.then)), strict=True
    )
    return 1 - queue[1] / queue[0], *recall, *refused


def posts(mix: Mix, dice: np.random.Generator) -> tuple[Floats, Bools, Bools, Bools]:
    """Posts drawn by the mix from pictures that are drawn anew: their scores, whether they show the brand, what people
    say of that, and whether two said it."""
    scores, weights = np.concatenate([mix.marked, mix.ordinary, mix.logos]), np.concatenate(mix.weights())
    weights = weights * np.bincount(dice.integers(len(scores), size=len(scores)), minlength=len(scores))
    chosen = dice.choice(len(scores), _POSTS, p=weights / weights.sum())
    branded, again = chosen < len(mix.marked), dice.random(_POSTS) < _SECOND
    first, second, third = (branded ^ (dice.random(_POSTS) < _ERR) for _ in range(3))
    return scores[chosen], branded, np.where(again & (first != second), third, first), again


def outcome(score: Floats, branded: Bools, word: Bools, band: Band) -> tuple[float, float, float]:
    """Posts reviewed; posts without the brand that end refused; posts with it that do, as a share of their kind.
    Whoever is reviewed gets the moderator's word, right or wrong."""
    asked = (score >= band.low) & (score < band.high)
    accepted = np.where(asked, word, score >= band.high)
    return float(asked.sum()), float((~accepted)[~branded].mean()), float((~accepted)[branded].mean())


def measured(test: Path, composites: int) -> Mix:
    """The shipped detector on pictures of the test part: composites over its photographs and screenshots, these
    themselves, and foreign logos."""
    kit, dice = load_kit("gate"), np.random.default_rng(4243)
    plain = sorted((test / "photos").iterdir()) + sorted((test / "screens").iterdir())
    marked: list[tuple[float, bool, bool]] = []
    while len(marked) < composites:
        ground = _read(plain[int(dice.integers(len(plain)))])
        size, variant = SIZES[len(marked) % len(SIZES)], str(dice.choice(VARIANTS))
        one = scene(dice, ground, size, variant, CONDITIONS[len(marked) // len(SIZES) % len(CONDITIONS)])
        if one is not None:
            marked.append((_best(one.rgb, kit), size < 48, variant in MONO))
    best, small, mono = zip(*marked, strict=True)
    return Mix(
        np.array(best),
        np.array(small),
        np.array(mono),
        np.array([_best(_read(path), kit) for path in plain]),
        np.array([_best(sheet, kit) for sheet in _sheets(test / "logos")]),
    )


def made_up(dice: np.random.Generator, count: int) -> Mix:
    """What a middling detector might say."""
    return Mix(
        dice.beta(5, 1.6, count), dice.random(count) < 0.2, dice.random(count) < 0.15,
        dice.beta(1.4, 5, count), dice.beta(1.4, 5, count // 9),
    )  # fmt: skip


def _best(rgb: Pixels, kit: Kit) -> float:
    return max((mark.score for mark in marks(Picture.of(rgb), kit)), default=0.0)


def _read(path: Path) -> Pixels:
    found = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert found is not None, path
    return np.ascontiguousarray(found[..., ::-1]).astype(np.uint8)


def _sheets(folder: Path) -> Iterator[Pixels]:
    """Foreign logos as people post them: with a margin on white, on black, or on a blue near the brand's."""
    for index, path in enumerate(sorted(folder.iterdir())):
        rgba = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert rgba is not None and rgba.shape[2] == 4, path
        sheet = np.full((320, 320, 3), ((255, 255, 255), (12, 12, 14), (0x1A, 0x5C, 0xE8))[index % 3], np.float64)
        height, width = rgba.shape[:2]
        place = sheet[(320 - height) // 2 :, (320 - width) // 2 :][:height, :width]
        cover = rgba[..., 3:] / 255
        place[:] = rgba[..., 2::-1] * cover + place * (1 - cover)
        yield np.rint(sheet).astype(np.uint8)


if __name__ == "__main__":
    main()
