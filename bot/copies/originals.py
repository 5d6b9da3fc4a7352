"""Whose picture or story a post repeats, and which cluster it belongs to: looked up in the graph when asked for.

A verdict only says "not first"; who is first can change with any post that comes to light, so it is never stored.
"""

from __future__ import annotations

from bot.copies.parts import Detail
from bot.store.graph import FORMER, LATER, LATER_SAME, OWN, PERSON, TEXT, Graph, Occurrence
from detectors.evidence import Value


class Original(Value):
    """The earliest proven source of what a post shows. ``media`` is the repeating post's item (None: its text),
    ``kind`` by what it repeats, ``source_media`` the item in ``post_id``, ``distance`` in PDQ bits where measured.
    Where local features proved it: ``inliers``, how many agree, and ``area``, the share of a picture they span."""

    post_id: str
    kind: str
    own: bool
    media: int | None
    source_media: int | None
    distance: int | None
    inliers: int | None = None
    area: float | None = None


class Originals:
    """Answers for many posts of one reading; clusters are read once each. Not for use across transactions."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._clusters: dict[int, tuple[list[Occurrence], str | None]] = {}

    def of(self, post_id: str) -> list[Original]:
        """One original per item of the post that repeats another, the strongest proof first: another's same bytes,
        similar ones, a part, one's own earlier picture, a story."""
        standings = self._graph.standings(post_id)
        found = [self._original(post_id, slot, *standings[slot]) for slot in sorted(standings) if _shown(slot)]
        return sorted((o for o in found if o is not None), key=lambda o: (o.own, o.media is None, _ORDER[o.kind]))

    def cluster(self, post_id: str) -> str | None:
        """The name of the cluster of pictures that the post belongs to: of its first item that shares one."""
        standings = self._graph.standings(post_id)
        for slot in sorted(standings):
            if slot >= 0 and _shown(slot) and self._graph.common(standings[slot][1]) is None:
                _, name = self._members(self._graph.cluster(standings[slot][1]))
                if name is not None:
                    return name
        return None

    def _original(self, post_id: str, slot: int, standing: int, node: int) -> Original | None:
        if self._graph.common(node) is not None:
            return None
        members, _ = self._members(self._graph.cluster(node))
        me = next((o for o in members if (o.post_id, o.slot) == (post_id, slot)), None)
        if me is None:
            return None
        if standing in (LATER, LATER_SAME, OWN):
            first = next((o for o in members if _comes_first(o, me, node, standing)), None)
            if first is not None:
                kind = "text" if slot == TEXT else "exact" if first.node == node else "near"
                return _made(first, slot, kind, standing == OWN, *self._measured(node, first.node))
        return self._whole_of_part(me)

    def _whole_of_part(self, me: Occurrence) -> Original | None:
        earlier = [
            o
            for partner in self._graph.partners(me.node)
            for o in self._graph.occurrences(partner)
            if o.author != me.author and o.latest < me.earliest
        ]
        if not earlier:
            return None
        first = min(earlier, key=lambda o: (o.latest, o.earliest, o.post_id))
        return _made(first, me.slot, "partial", False, *self._measured(me.node, first.node))

    def _measured(self, a: int, b: int) -> tuple[int | None, Detail | None]:
        return self._graph.links.distance(a, b), None if a == b else self._graph.links.proof(a, b)

    def _members(self, cluster: int) -> tuple[list[Occurrence], str | None]:
        if cluster not in self._clusters:
            self._clusters[cluster] = (self._graph.members(cluster), self._graph.cluster_name(cluster))
        return self._clusters[cluster]


_ORDER = {"exact": 0, "near": 1, "partial": 2, "text": 3}


def _shown(slot: int) -> bool:
    return slot != PERSON and slot < FORMER


def _comes_first(other: Occurrence, me: Occurrence, node: int, standing: int) -> bool:
    """Whether this occurrence explains the standing; the members come earliest first."""
    if other.latest >= me.earliest or other.post_id == me.post_id:
        return False
    if standing == OWN:
        return other.author == me.author
    return other.author != me.author and (standing == LATER or other.node == node)


def _made(first: Occurrence, slot: int, kind: str, own: bool, distance: int | None, proof: Detail | None) -> Original:
    return Original(
        post_id=first.post_id,
        kind=kind,
        own=own,
        media=None if slot == TEXT else slot,
        source_media=None if first.slot == TEXT else first.slot % FORMER,
        distance=distance,
        inliers=None if proof is None else proof.inliers,
        area=None if proof is None else proof.area,
    )
