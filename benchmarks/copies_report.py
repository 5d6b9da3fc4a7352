"""The answers of benchmarks/copies.py, kept line by line, and the tables made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.stats import beta  # type: ignore[import-untyped]

from benchmarks.copies_sets import Sets
from benchmarks.copy_edits import EDITS

Floats = npt.NDArray[np.float64]


class Answer(msgspec.Struct, frozen=True):
    """One query's: per method the (score, place in the history) of what was found, best first."""

    name: str
    kind: str
    truth: int | None
    found: dict[str, list[tuple[float, int]]]
    milliseconds: float

    def hit(self, method: str, least: float) -> bool:
        """Whether the original is among what was found."""
        return any(place == self.truth and score >= least for score, place in self.found[method])

    def wrong(self, method: str, least: float) -> list[int]:
        """What was found and is not the original."""
        return [place for score, place in self.found[method] if place != self.truth and score >= least]


class Answers:
    """A file of JSON Lines that is only appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        decode = msgspec.json.Decoder(Answer).decode
        lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
        self._all = [decode(line) for line in lines[:-1]]  # what follows the last line's end was cut short
        path.write_bytes(b"".join(line + b"\n" for line in lines[:-1]))

    def __iter__(self) -> Iterator[Answer]:
        return iter(self._all)

    def add(self, answer: Answer) -> None:
        """Keep one more."""
        self._all.append(answer)
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(answer) + b"\n")

    def forget(self) -> None:
        """Begin anew."""
        self._all.clear()
        self._path.unlink(missing_ok=True)

    def line(self, least: float) -> str:
        """Where the run stands, in one line."""
        edited = [a for a in self._all if a.truth is not None]
        honest = [a for a in self._all if a.truth is None]
        hits = sum(a.hit("cascade", least) for a in edited)
        false = sum(bool(a.wrong("cascade", least)) for a in honest)
        return (
            f"{hits} of {len(edited)} copies found; {false} of {len(honest)} honest pictures linked;"
            f" lookup {np.median([a.milliseconds for a in self._all]):.0f} ms"
        )


def bounds(events: int, of: int) -> tuple[float, float]:
    """95 % interval of a rate (Clopper and Pearson 1934), each side 2.5 %."""
    low = 0.0 if events == 0 else float(beta.ppf(0.025, events, of - events + 1))
    return low, 1.0 if events >= of else float(beta.ppf(0.975, events + 1, of - events))


def upper_bound(events: int, of: int) -> float:
    """95 % one-sided upper bound of a rate (Clopper and Pearson 1934)."""
    return 1.0 if events >= of else float(beta.ppf(0.95, events + 1, of - events))


def average_precision(answers: Sequence[Answer], method: str) -> float:
    """Micro-AP: all candidates of all queries, honest ones too, ranked by one score."""
    ranked = sorted(((s, i == a.truth) for a in answers for s, i in a.found[method]), key=lambda r: (-r[0], r[1]))
    right = np.cumsum([hit for _, hit in ranked])
    wanted = sum(a.truth is not None for a in answers)
    return float(sum(right[n] / (n + 1) for n, (_, hit) in enumerate(ranked) if hit) / wanted)


def macro(answers: Sequence[Answer], method: str, least: float) -> tuple[float, float, float]:
    """Mean recall over edits, with its 95 % interval by drawing originals anew (bootstrap, 1,000 times)."""
    places = sorted({a.truth for a in answers if a.truth is not None})
    table: Floats = np.full((len(places), len(EDITS)), np.nan)
    for answer in answers:
        if answer.truth is not None:
            row = places.index(answer.truth)
            table[row, list(EDITS).index(answer.kind)] = answer.hit(method, least)
    rng = np.random.default_rng(1)
    whole = table[~np.isnan(table).any(axis=1)]  # originals of which every edit was asked
    if not len(whole):
        return 0.0, 0.0, 1.0
    means = [whole[rng.integers(0, len(whole), len(whole))].mean() for _ in range(1000)]
    middle = float(whole.mean())
    return middle, float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def printed(answers: Sequence[Answer], sets: Sets, least: Mapping[str, float]) -> None:
    """Print all tables."""
    edited, honest = ([a for a in answers if (a.truth is None) == honest] for honest in (False, True))
    kinds = [made.kind for made in sets.history]
    print(f"\nhistory {len(kinds)} pictures: {len(sets.originals)} originals, {sum(k != 'photo' for k in kinds)}")
    print(f"in-domain, the rest photographs; {len(EDITS)} edits x {len(sets.originals)}; {len(honest)} honest queries;")
    print(f"{len(answers)} of {len(sets.queries)} queries answered\n")
    if not edited or not honest:
        return
    print(f"| recall | {' | '.join(least)} |\n| --- |{' ---: |' * len(least)}")
    for name in EDITS:
        asked = [a for a in edited if a.kind == name]
        if not asked:
            continue
        hits = {method: sum(a.hit(method, bar) for a in asked) for method, bar in least.items()}
        low, high = bounds(hits["cascade"], len(asked))
        cells = [f"{hit / len(asked):.3f}" for hit in hits.values()]
        print(f"| {name} | {cells[0]} ({low:.2f}-{high:.2f}) | {' | '.join(cells[1:])} |")
    means = [macro(answers, method, bar) for method, bar in least.items()]
    print(f"| **macro** | {' | '.join(f'{m:.3f} ({low:.3f}-{high:.3f})' for m, low, high in means)} |")
    print(f"| micro-AP | {' | '.join(f'{average_precision(answers, method):.3f}' for method in least)} |")
    for kind in ("honest", *sorted({a.kind for a in honest})):
        asked = [a for a in honest if a.kind == kind or (kind == "honest" and a.kind != "honest room")]
        cells = []
        for method, bar in least.items():
            wrong = sum(bool(a.wrong(method, bar)) for a in asked)
            cells.append(f"{wrong} (<{upper_bound(wrong, len(asked)):.4f})" if method == "cascade" else str(wrong))
        print(f"| {kind}, linked of {len(asked)} | {' | '.join(cells)} |")
    beside = sum(bool(a.wrong("cascade", least["cascade"])) for a in edited)
    print(f"\ncopies also linked to something that is not their original: {beside} of {len(edited)}")
    for name, some in (("copies", edited), ("honest pictures", honest)):
        median, tail = np.quantile([a.milliseconds for a in some], (0.5, 0.95))
        print(f"lookup of {name}, whole cascade, CPU: median {median:.1f} ms, p95 {tail:.1f}")
