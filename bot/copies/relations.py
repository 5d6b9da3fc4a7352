"""How a placed post stands to all others, as rules ask for it: read from the graph of copies, no index needed."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Relation, RelationKind
from bot.store.graph import FIRST, FORMER, LATER, LATER_SAME, OWN, PERSON, TEXT, UNORDERED, Graph


def relations(graph: Graph, post_id: str) -> tuple[tuple[Relation, ...], int]:
    """The relations of a placed post as they stand now, and how many of its person's other accounts entered before
    it.
    """
    standings = graph.standings(post_id)
    found = tuple(r for slot in sorted(standings) for r in _of(graph, post_id, slot, *standings[slot]))
    prior = int(standings.get(PERSON, (FIRST, 0))[0] >= UNORDERED)
    return found, prior


def _of(graph: Graph, post_id: str, slot: int, standing: int, node: int) -> Iterator[Relation]:
    if slot == PERSON or slot >= FORMER:
        return
    media = None if slot == TEXT else slot
    label = graph.common(node)
    if label is not None:
        kind, _, asset = label.partition(":")
        yield Relation(kind="official" if kind == "official" else "common", media=media, asset=asset)
        return
    similar: RelationKind = "text" if slot == TEXT else "near"
    if standing == LATER_SAME:
        yield Relation(kind="text" if slot == TEXT else "exact", order="later", media=media)
    elif standing == LATER:
        yield Relation(kind=similar, order="later", media=media)
    elif standing == UNORDERED:
        yield Relation(kind=similar, order="unordered", media=media)
    elif standing == OWN:
        yield Relation(kind=similar, order="later", own=True, media=media)
    if slot != TEXT and standing < LATER:
        through = graph.partial(node, graph.occurrence(post_id, slot))
        if through is not None:
            yield Relation(kind="partial", order="later" if through == LATER else "unordered", media=media)
