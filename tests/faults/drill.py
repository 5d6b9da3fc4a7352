"""What a drill is: one line of the table of faults, run in small numbers by the tests and in large ones by a command.

A drill's trials are numbered, and a trial's number decides all that is random in it, so that a run can stop anywhere
and go on later, and a failure can be repeated. The long form appends to ``results.jsonl``; see ``__main__.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

Figures = Mapping[str, float]
"""What was measured. A name that begins with ``max_`` is an extreme, any other a count."""


@dataclass(frozen=True)
class Drill:
    """``run`` takes trial numbers and an empty folder of its own; with ``keeps``, the one that the part before left."""

    name: str
    title: str
    trials: int
    """How many the long form makes."""
    batch: int
    """How many it makes between two lines of the results file."""
    most: Mapping[str, float]
    """The most that a figure may be; the others are told, not judged."""
    run: Callable[[range, Path], Figures]
    keeps: bool = False

    def broken(self, figures: Figures, *, timed: bool = True) -> dict[str, float]:
        """The figures that are worse than they may be; a figure that is missing is broken too.

        ``timed=False`` leaves out those in seconds: tests run on machines that are busy with other things.
        """
        return {
            name: figures.get(name, float("inf"))
            for name, most in self.most.items()
            if not figures.get(name, float("inf")) <= most and (timed or not name.endswith(("_s", "_ms")))
        }


def together(parts: Iterable[Figures]) -> dict[str, float]:
    """The figures of several parts as those of one."""
    whole: dict[str, float] = {}
    for part in parts:
        for name, value in part.items():
            known = whole.get(name)
            if known is None:
                whole[name] = value
            else:
                whole[name] = max(known, value) if name.startswith("max_") else known + value
    return whole
