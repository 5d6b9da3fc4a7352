"""How often second opinions agree with first ones, by what the posts were flagged for. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.decide import live
from bot.model import Decision
from detectors.evidence import Value


class Agreement(Value):
    """Of so many posts that a second person looked at blind, on how many they decided the same."""

    second: int
    agreed: int


def agreement(histories: Iterable[tuple[Decision, ...]]) -> dict[str, Agreement]:
    """Per reason code that the first person saw, from each post's decisions, oldest first; most looked at first.

    A pair is a held opinion and the next approval or rejection of the same revision by somebody else: the first pair
    of a post counts. What a lead decides after the two is no opinion on either.
    """
    found: dict[str, list[int]] = {}
    for decisions in histories:
        first: Decision | None = None
        for decision in live(decisions):
            if first is None or decision.revision != first.revision or decision.action not in ("approve", "reject"):
                first = decision if decision.held else first if decision.action == "flag" else None
            elif decision.who != first.who:
                for code in {name.partition("@")[0] for name in first.saw}:
                    counts = found.setdefault(code, [0, 0])
                    counts[0] += 1
                    counts[1] += decision.action == first.action
                break
    order = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    return {code: Agreement(second=second, agreed=agreed) for code, (second, agreed) in order}
