"""Rules on copies. They rest on proven relations to other posts; official and common pictures carry no finding."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Relation
from bot.reasons import Detail
from bot.rules.facts import Facts
from bot.rules.rule import Hit


def duplicate_exact(facts: Facts) -> Iterator[Hit]:
    """The very file certainly stood in another author's post before. Beside a counting picture of one's own it asks."""
    yield from _copies(facts, "exact")


def duplicate_self(facts: Facts) -> Iterator[Hit]:
    """The author posted this before. A story told again, part of an earlier picture, or a repetition beside a new
    counting picture of one's own asks."""
    for relation in _relations(facts):
        if relation.order == "later" and relation.own:
            doubtful = relation.kind in ("partial", "text") or bool(facts.own)
            yield _hit(relation, doubtful=doubtful)


def duplicate_near(facts: Facts) -> Iterator[Hit]:
    """Nearly the same picture or video certainly stood in another author's post before: scaled, recoloured, mirrored,
    turned or lightly cropped."""
    yield from _copies(facts, "near")


def duplicate_partial(facts: Facts) -> Iterator[Hit]:
    """Part of the picture or video certainly stood in another author's post before, or the other way round."""
    yield from _copies(facts, "partial")


def duplicate_text(facts: Facts) -> Iterator[Hit]:
    """Nearly the same story certainly stood in another author's post before."""
    yield from _copies(facts, "text")


def duplicate_unordered(facts: Facts) -> Iterator[Hit]:
    """Another author's post shares a picture, video or story with this one, and it is not proven who was first."""
    for relation in _relations(facts):
        if relation.order == "unordered":
            yield _hit(relation, doubtful=bool(facts.own))


def _relations(facts: Facts) -> Iterator[Relation]:
    """Every relation that a copy can rest on."""
    return (r for r in facts.case.relations if r.kind not in ("common", "official") and r.media not in facts.shared)


def _copies(facts: Facts, kind: str) -> Iterator[Hit]:
    for relation in _relations(facts):
        if relation.kind == kind and relation.order == "later" and not relation.own:
            yield _hit(relation, doubtful=bool(facts.own))


def _hit(relation: Relation, *, doubtful: bool) -> Hit:
    known = {"distance": relation.distance, "cluster": relation.cluster}
    detail: dict[str, Detail] = {"by": relation.kind} | {
        key: value for key, value in known.items() if value is not None
    }
    return Hit(media=relation.media, detail=detail, at_most="ask" if doubtful else "block")
