"""A detector of one's own: how dark a picture is. It gives a calibrated fact and knows no threshold."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.brand import Kit
from detectors.evidence import Value
from detectors.examine import Detector, View
from detectors.examples import Example, scene
from detectors.picture import Picture

VERSION = "1"


class Darkness(Value):
    """``share``: of the pixels, those darker than 32 of 255; 0..1, rounded to four decimals."""

    share: float


def darkness(view: View) -> Iterator[Darkness]:
    """How much of the picture is dark."""
    yield Darkness(share=round(float((view.picture.gray < 32).mean()), 4))


def examples(kit: Kit) -> tuple[Example, ...]:
    """A black picture is dark all over, an ordinary one hardly."""
    ordinary = scene(3)

    def shares(values: tuple[Value, ...]) -> list[float]:
        return [value.share for value in values if isinstance(value, Darkness)]

    return (
        Example("black", Picture.of(ordinary * 0), positive=True, right=lambda values: shares(values) == [1.0]),
        Example("ordinary", Picture.of(ordinary), positive=False, right=lambda values: max(shares(values)) < 0.1),
    )


DARKNESS = Detector("darkness", VERSION, darkness, examples)
