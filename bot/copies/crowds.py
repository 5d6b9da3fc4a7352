"""Which pictures are crowded, and where their samples end: in memory, for all candidates of a search at once.

Links that depend on samples are kept in the order of either picture's sample, each as one number: the places at which
the two agree, their rank among those that agree at as many, who the other is, and whether the link is doubtful.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from bot.copies.candidates import Batch, Bools, Candidate, Keys, Ranks, by_hash, positions, proved
from bot.copies.parts import CROWD
from bot.copies.proof import Proof

Tried = tuple[int, int, int, bool]
"""Two nodes, the places at which they agree (0: the link does not depend on samples, but is doubtful), and whether the
link is doubtful."""
_MOST: Final = 1 << 16  # places, more than a picture has features
_OTHER: Final = 32  # bits below a link's place in the order: the other node, and whether the link is doubtful
_LAST: Final = _MOST << 64  # in the order: who agrees at no place comes after it


class Crowds:
    """Positions of nodes, 8 bytes each up to the greatest node, and of links that depend on samples some 50 bytes on
    either side. Nodes are below 2**31.

    ``places`` are always those at which another picture agrees with the one that is spoken of. A picture that is not
    crowded has everyone in its sample.
    """

    def __init__(self) -> None:
        self._positions = np.zeros(1024, np.uint64)
        self._links: dict[int, list[int]] = {}
        self._ends: dict[int, int] = {}  # of the crowded, the last link of the sample, a doubtful one

    def add(self, nodes: Sequence[int], hashes: Sequence[str]) -> None:
        """Make pictures known, by SHA-256."""
        while max(nodes, default=0) >= len(self._positions):
            self._positions = np.concatenate((self._positions, np.zeros_like(self._positions)))
        self._positions[np.asarray(nodes, np.int64)] = positions(hashes)

    def fill(self, links: Iterable[Tried]) -> None:
        """Make all links known at once, in place of those known."""
        tried, held = list(links), defaultdict[int, list[int]](list)
        nodes = np.array([(a, b) for a, b, *_ in tried], np.int64).reshape(-1, 2)
        ranks = self._positions[nodes[:, 0]] ^ self._positions[nodes[:, 1]]
        for (a, b, places, doubtful), rank in zip(tried, ranks.tolist(), strict=True):
            order = _order(places, rank)
            held[a].append(_packed(order, b, doubtful=doubtful))
            held[b].append(_packed(order, a, doubtful=doubtful))
        self._links, self._ends = dict(held), {}
        for node, mine in held.items():
            mine.sort()
            self._settle(node)

    def take(self, node: int, links: Sequence[tuple[int, int, bool]]) -> list[tuple[int, int]]:
        """Make new links of a picture known: to whom, the places, and whether it is doubtful. Forgets those where this
        drops both from each other's sample, and returns their pairs."""
        mine = self._links.setdefault(node, [])
        before = {node: _LAST}
        ranks = self._ranks(self._positions[node], np.array([other for other, _, _ in links], np.int64))
        for (other, places, doubtful), rank in zip(links, ranks.tolist(), strict=True):
            order = _order(places, rank)
            mine.append(_packed(order, other, doubtful=doubtful))
            theirs = _packed(order, node, doubtful=doubtful)
            insort(self._links.setdefault(other, []), theirs)
            if doubtful:
                before[other] = self._end(other)
                self._settle_with(other, theirs)
        mine.sort()
        self._settle(node)
        loose = {(min(pair), max(pair)): order for order, *pair in self._beyond(before)}
        for (a, b), order in loose.items():
            for one, other in ((a, b), (b, a)):
                held = self._links[one]
                del held[bisect_left(held, _packed(order, other, doubtful=False))]
        return sorted(loose)

    def _beyond(self, before: Mapping[int, int]) -> Iterator[tuple[int, int, int]]:
        """The links between where samples end now and where they ended before, of those of whom neither is in the
        other's: their order and the two nodes."""
        for node, last in before.items():
            mine, end = self._links[node], self._end(node)
            for link in mine[bisect_left(mine, end + 1 << _OTHER) : bisect_left(mine, last + 1 << _OTHER)]:
                order, other = link >> _OTHER, _other(link)
                if self._end(other) < order < _LAST:
                    yield order, node, other

    def partners(self, node: int) -> list[int]:
        """Who is linked to a picture by a link that is known here."""
        return [_other(link) for link in self._links.get(node, ())]

    def linked(
        self,
        position: np.uint64,
        near: Mapping[int, int],
        found: Iterable[Batch],
        prove: Callable[[int, int], Proof | None],
    ) -> Iterator[Candidate]:
        """Those of a picture's candidates whose links stand: by hash, or as one is in the other's sample. Tries no more
        than it must, in an order that nothing but the pictures decides."""
        asking: set[int] = set()

        def always(places: Mapping[int, int]) -> set[int]:
            asking.update(self.asking(position, places))
            return asking | by_hash(near, places)

        for one in proved(found, lambda others: self._ranks(position, others), always, prove):
            if one.within or one.by_hash or one.key in asking:
                yield one

    def _ranks(self, position: np.uint64, others: Keys) -> Ranks:
        """The ranks of others among those that agree with a picture at as many places as they."""
        return np.asarray(self._positions[others] ^ position, np.uint64)

    def open_to(self, others: Keys, most: Keys) -> Bools:
        """To whose samples a picture may belong that agrees with them at so many places at most."""
        ends = self._ends
        least = [0 if (end := ends.get(other)) is None else _MOST - (end >> 64 + _OTHER) for other in others.tolist()]
        return np.array(least, np.int64) <= most

    def asking(self, position: np.uint64, places: Mapping[int, int]) -> set[int]:
        """The others to whose samples a picture belongs."""
        own, ends, all_positions = int(position), self._ends, self._positions
        return {
            other
            for other, agreeing in places.items()
            if (end := ends.get(other)) is None or _order(agreeing, int(all_positions[other]) ^ own) <= end >> _OTHER
        }

    def crowded(self, node: int) -> bool:
        """Whether a picture has a full sample."""
        return node in self._ends

    def first(self, a: int, b: int) -> bool | None:
        """Whether the first of two pictures has the lower SHA-256; None where what is known of these is the same."""
        here, there = self._positions[a], self._positions[b]
        return None if here == there else bool(here < there)

    def _end(self, node: int) -> int:
        """Where in its order the sample of a picture ends."""
        last = self._ends.get(node)
        return _LAST if last is None else last >> _OTHER

    def _settle(self, node: int) -> None:
        """Say where the sample of a picture ends."""
        doubtful = 0
        for link in self._links[node]:
            doubtful += link & 1
            if doubtful == CROWD:
                self._ends[node] = link
                return
        self._ends.pop(node, None)

    def _settle_with(self, node: int, new: int) -> None:
        """The same once there is one doubtful link more: a sample that was full ends with the one before its last."""
        last = self._ends.get(node)
        if last is None:
            self._settle(node)
        elif new < last:
            mine = self._links[node]
            place = bisect_left(mine, last) - 1
            while not mine[place] & 1:
                place -= 1
            self._ends[node] = mine[place]


def _order(places: int, rank: int) -> int:
    """Where a link stands in either picture's order."""
    return _MOST - places << 64 | rank


def _packed(order: int, other: int, *, doubtful: bool) -> int:
    return order << _OTHER | other << 1 | doubtful


def _other(link: int) -> int:
    return link >> 1 & 0x7FFF_FFFF
