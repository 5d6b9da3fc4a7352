"""The copies benchmark's own arithmetic: what the published figures rest on."""

from __future__ import annotations

import contextlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.copies_hashes import Hashes
from benchmarks.copies_report import Answer, Answers, average_precision, bounds, macro, upper_bound
from benchmarks.copies_seen import SeenFile, stored
from benchmarks.copies_sets import Sets, Sizes
from benchmarks.copy_edits import EDITS


def answer(name: str, truth: int | None, *found: tuple[float, int], kind: str = "") -> Answer:
    return Answer(name=name, kind=kind, truth=truth, found={"cascade": list(found)}, milliseconds=1.0)


def test_intervals_are_clopper_and_pearsons() -> None:
    """Against published values: 0 of 20, 10 of 20; and the rule of three."""
    assert bounds(0, 20) == pytest.approx((0.0, 0.1684), abs=1e-4)
    assert bounds(10, 20) == pytest.approx((0.2720, 0.7280), abs=1e-4)
    assert upper_bound(0, 3000) == pytest.approx(3 / 3000, rel=0.01)


def test_precision_and_recall_by_hand() -> None:
    """One ranking over all queries: an honest query's candidate pushes down what comes after it."""
    answers = [answer("a", 0, (0.9, 0)), answer("b", None, (0.8, 4)), answer("c", 1, (0.7, 1)), answer("d", 2)]
    assert average_precision(answers, "cascade") == pytest.approx((1 + 2 / 3) / 3)
    asked = [answer(f"{kind} {i}", i, *([(0.9, i)] if i else []), kind=kind) for i in range(4) for kind in EDITS]
    assert macro(asked, "cascade", 0.8)[0] == pytest.approx(0.75)


def test_answers_survive_a_kill(tmp_path: Path) -> None:
    """A half-written last line is dropped, what came before is kept, and what comes after is whole."""
    path = tmp_path / "answers"
    Answers(path).add(answer("a", 0))
    path.write_bytes(path.read_bytes() + b'{"name": "b", "ki')
    resumed = Answers(path)
    resumed.add(answer("c", 1))
    assert [a.name for a in Answers(path)] == ["a", "c"]


def test_what_was_seen_survives_a_kill(tmp_path: Path) -> None:
    """A half-written end is looked at again; what comes after it can be read, however often a run stops."""
    pictures = [np.random.default_rng(i).integers(0, 256, (64, 80, 3), dtype=np.uint8) for i in range(3)]
    hashes = Hashes(None)
    for count in (2, 3):
        seen = SeenFile(tmp_path, "run", hashes)
        for i in range(count):
            seen.of(str(i), lambda i=i: pictures[i])  # type: ignore[misc]  # bound at once
        seen.close()
        [path] = tmp_path.iterdir()
        path.write_bytes(path.read_bytes()[:-7])
    assert [one.name for one in stored(path)] == ["0", "1"]
    with contextlib.closing(SeenFile(tmp_path, "run", hashes)) as seen:
        seen.of("2", lambda: pictures[2])
    assert [one.name for one in stored(path)] == ["0", "1", "2"]


def photographs(folder: Path) -> None:
    """Sixty of strangers, ten of one person's rooms, one of them twice and once mirrored, and one of nothing."""
    folder.mkdir(parents=True)
    for number in range(70):
        small = np.random.default_rng(number).integers(0, 256, (10, 12, 3), dtype=np.uint8)
        picture = cv2.resize(small, (240, 200), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(folder / f"{'clothing-dataset-' if number >= 60 else ''}{number}.jpg"), picture)
    first = cv2.imread(str(folder / "0.jpg"))
    assert first is not None
    cv2.imwrite(str(folder / "twin.jpg"), first[2:, 2:])
    cv2.imwrite(str(folder / "twin-mirrored.jpg"), first[:, ::-1])
    cv2.imwrite(str(folder / "nothing.jpg"), np.full((200, 240, 3), 30, np.uint8))


def test_no_photograph_serves_twice(tmp_path: Path) -> None:
    """Originals, in-domain pictures, distractors and honest queries are of different photographs or parts, each of
    which shows something; rooms are asked for apart, and honest pictures are drawn on no photograph of one. The same
    picture is made from its name each time, and the queries mix edits and honest pictures."""
    photographs(tmp_path / "test" / "photos")
    sets = Sets(tmp_path, "test", [], Sizes(originals=3, honest=16, in_domain=12, distractors=30), 1)
    honest = [query for query in sets.queries if query.truth is None]
    asked = [query.of for query in honest]
    used = [(made.path, made.part) for made in (*sets.history, *asked)]
    assert len(set(used)) == len(used) == 3 + 12 + 30 + 16
    names = {path.stem for path, _ in used}
    assert "nothing" not in names
    assert len(names & {"0", "twin", "twin-mirrored"}) <= 1
    assert all(("clothing" in query.of.path.name) == (query.kind == "honest room") for query in honest)
    whole = {path for path, part in used if not part}
    assert not whole & {path for path, part in used if part}
    assert sum(query.truth is None for query in sets.queries[: len(sets.queries) // 2]) == 8
    for made in (sets.history[4], asked[3]):
        assert np.array_equal(made.pixels(), made.pixels())


def test_a_history_is_filled_with_crops_of_its_own_photographs(tmp_path: Path) -> None:
    """As large as asked, what was there before unchanged; no crop of a photograph that is asked for. Asked for in more
    kinds, each honest in-domain picture stands in as many, on the same photograph."""
    photographs(tmp_path / "test" / "photos")
    few, filled = (
        Sets(tmp_path, "test", [], Sizes(3, 16, 12, distractors, filled=distractors > 30, times=times), 1)
        for distractors, times in ((30, 1), (300, 3))
    )
    assert len(filled.history) == 3 + 12 + 300
    assert filled.history[: 3 + 12 + 20] == few.history[: 3 + 12 + 20]
    honest = [query for query in filled.queries if query.truth is None]
    assert not {made.path for made in filled.history if made.part == "crop"} & {query.of.path for query in honest}
    drawn = [query.of for query in honest if query.of.kind != "photo"]
    assert len(honest) == 4 + 3 * 12 == len({query.name for query in honest})
    assert {len({one.kind for one in drawn if one.path == made.path and one.part == made.part}) for made in drawn} == {
        3
    }
    crop = filled.history[-1].pixels()
    whole = cv2.imread(str(filled.history[-1].path))
    assert whole is not None
    assert all(0.35 < a / b < 0.75 for a, b in zip(sorted(crop.shape[:2]), sorted(whole.shape[:2]), strict=True))


def test_small_parts_make_a_history_of_many_different_pictures(tmp_path: Path) -> None:
    """Of few photographs, five parts a side that lie beside one another and together show all of each."""
    photographs(tmp_path / "test" / "photos")
    sets = Sets(tmp_path, "test", [], Sizes(1, 0, 12, 800, small=True), 1)
    assert len({(made.path, made.part) for made in sets.history}) == len(sets.history) == 813
    parts = [made for made in sets.history if made.kind == "photo" and made.part]
    assert {made.pixels().shape for made in parts} == {(40, 48, 3)}
    corner = next(made for made in parts if made.part == "s24")
    whole = cv2.imread(str(corner.path))
    assert whole is not None
    assert np.array_equal(corner.pixels()[..., ::-1], whole[160:, 192:])
