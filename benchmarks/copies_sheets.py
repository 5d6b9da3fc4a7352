"""Contact sheets of what benchmarks/copies.py got wrong, to be looked at.

    python -m benchmarks.copies_sheets PICTURES WORK OUT [the same options]

writes OUT/missed.png (a query beside its original) and OUT/false.png (an honest query beside what it was linked to).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.copies import answered, arranged, options
from bot.campaign import load_campaign
from bot.copies.matching import score_of

Pixels = npt.NDArray[np.uint8]

_CELL = 220
_ROWS, _COLUMNS = 13, 4


def main(arguments: Sequence[str]) -> int:
    """Draw both sheets and name what is on them."""
    parser = options("benchmarks.copies_sheets")
    parser.add_argument("out", type=Path)
    given = parser.parse_args(arguments)
    sets, least = arranged(given), score_of(load_campaign().copies.near)
    given.out.mkdir(parents=True, exist_ok=True)
    queries = {query.name: query for query in sets.queries}
    missed, false = [], []
    for answer in answered(given):
        if answer.truth is not None and not answer.hit("cascade", least):
            best = max((s for s, place in answer.found["cascade"] if place == answer.truth), default=0.0)
            missed.append((queries[answer.name], answer.truth, best))
        elif answer.truth is None and answer.wrong("cascade", least):
            score, place = answer.found["cascade"][0]
            false.append((queries[answer.name], place, score))
    for name, pairs in (("missed", missed), ("false", false)):
        print(f"{name}: {len(pairs)}")
        cells = []
        for query, place, score in pairs[: _ROWS * _COLUMNS]:
            print(f"  {query.kind}: {query.name} beside {sets.history[place].name}, {score}")
            cells.append(_cell(query.pixels(), sets.history[place].pixels(), f"{query.kind} {score:.2f}"))
        if cells:
            blank = np.zeros_like(cells[0])
            cells += [blank] * (-len(cells) % _COLUMNS)
            rows = [np.concatenate(cells[i : i + _COLUMNS], axis=1) for i in range(0, len(cells), _COLUMNS)]
            cv2.imwrite(str(given.out / f"{name}.png"), np.concatenate(rows)[..., ::-1])
    return 0


def _cell(left: Pixels, right: Pixels, label: str) -> Pixels:
    cell = np.full((_CELL + 20, 2 * _CELL + 8, 3), 40, np.uint8)
    for x, picture in ((0, left), (_CELL, right)):
        share = (_CELL - 4) / max(picture.shape[:2])
        size = (max(1, round(picture.shape[1] * share)), max(1, round(picture.shape[0] * share)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        cell[20 : 20 + size[1], x : x + size[0]] = small
    cv2.putText(cell, label, (4, 14), 0, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return cell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
