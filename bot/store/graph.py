"""The graph of copies: nodes (a picture, a story, a person), links between nodes, and where each occurs.

A node is content, named by its hash; an occurrence is that content in one post, with the interval in which it entered
and an author. Near and text links join nodes into clusters; partial links are edges only. Each occurrence has a
standing towards the other authors in its cluster, the worst that holds:

    4 LATER_SAME   another author's same bytes certainly came before
    3 LATER        another author's similar content certainly came before
    2 UNORDERED    another author has it too, and time cannot tell who was first
    1 OWN          the same author's came before, and certainly before any other's
    0 FIRST        nobody's came before

A new occurrence changes the standing of few: of others below what it imposes, and of later ones of its own author. An
index finds these, so that n copies cost O(n) whichever order they arrive in. Everything rarer (an occurrence moved,
withdrawn or changed author, a picture declared common) recomputes the cluster. Which gives the same: a standing is a
function of the set.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from bot.store.connection import Connection, Row
from bot.store.links import Link, Links, Pair
from bot.store.nodes import Nodes
from bot.store.partial_links import PartialLinks
from bot.store.times import UNBOUNDED
from detectors.evidence import Value

FIRST, OWN, UNORDERED, LATER, LATER_SAME = range(5)

TEXT, PERSON, FORMER = -1, -2, 1000
"""Slots beside the media's own numbers: the story, the person, and (counted from here) media of former revisions."""


class Occurrence(Value):
    """One node in one post. ``slot``: media index, or one of the named slots. Ends in microseconds, inclusive."""

    post_id: str
    slot: int
    node: int
    author: str
    earliest: int
    latest: int


class Graph:
    """Nodes, links, clusters and occurrences. Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.nodes = Nodes(connection)
        self.links = Links(connection)
        self.partial_links = PartialLinks(connection)

    def node(self, key: str, kind: str, content: bytes | None = None) -> tuple[int, bool]:
        """The node of this content, made where missing: (id, whether it is new)."""
        row = self._connection.row("SELECT id FROM nodes WHERE key = ?", (key,))
        if row is not None:
            return int(row[0]), False
        node = self._connection.insert(
            "INSERT INTO nodes (id, key, kind, cluster, content)"
            " SELECT new, ?, ?, new, ? FROM (SELECT coalesce(max(id), 0) + 1 AS new FROM nodes)",
            (key, kind, content),
        )
        return node, True

    def key(self, node: int) -> str:
        """The key that names a node's content."""
        row = self._connection.row("SELECT key FROM nodes WHERE id = ?", (node,))
        assert row is not None, f"no node {node}"
        return str(row[0])

    def common(self, node: int) -> str | None:
        """The label under which this content is known to be shared by everybody, None where it is not."""
        row = self._connection.row("SELECT common FROM nodes WHERE id = ?", (node,))
        return None if row is None else row[0]

    def link(self, a: int, b: int, kind: str, distance: int) -> set[str]:
        """Store one proven link. Returns the posts whose relations may have changed."""
        fresh, changed = self.link_all(a, [Link(b, kind, distance)])
        return changed | self.posts([a, b]) if fresh and kind == "partial" else changed

    def link_all(self, node: int, links: Sequence[Link], *, new: bool = False) -> tuple[list[Link], set[str]]:
        """Store what is proven of a node; near and text links join clusters. ``new``: nothing was proven of it before.
        Returns those that are new, and the posts whose standing may have changed with these: who lies in whom is the
        caller's to tell."""
        fresh, aside = self.links.add(node, links, new=new)
        changed: set[str] = set()
        for other, kind, *_ in fresh:
            if kind != "partial" and self.common(node) is None and self.common(other) is None:
                changed |= self._join(self.cluster(node), self.cluster(other))
        return fresh + aside, changed

    def cluster(self, node: int) -> int:
        """The cluster that a node belongs to."""
        row = self._connection.row("SELECT cluster FROM nodes WHERE id = ?", (node,))
        assert row is not None, f"no node {node}"
        return int(row[0])

    def _join(self, a: int, b: int) -> set[str]:
        if a == b:
            return set()
        count = "SELECT count(*) FROM occurrences WHERE cluster = ?"
        sizes = [row[0] for cluster in (a, b) if (row := self._connection.row(count, (cluster,)))]
        keep, give = (a, b) if sizes[0] >= sizes[1] else (b, a)
        self._connection.run("UPDATE nodes SET cluster = ? WHERE cluster = ?", (keep, give))
        moved = self._occurrences("cluster = ?", (give,))
        self._connection.run("UPDATE occurrences SET cluster = ? WHERE cluster = ?", (keep, give))
        changed: set[str] = set()
        for occurrence in moved:  # the smaller side pays: each occurrence moves O(log n) times in all
            changed |= self._impose(occurrence, keep) | {occurrence.post_id}
            self._stand(occurrence, keep)
        return changed

    def place(self, post_id: str, occurrences: Iterable[Occurrence]) -> set[str]:
        """Say where a post's content stands now. Returns the other posts whose standing changed."""
        new = {o.slot: o for o in occurrences}
        old = {o.slot: o for o in self._occurrences("post_id = ?", (post_id,))}
        changed: set[str] = set()
        for slot in old.keys() - {slot for slot, o in new.items() if old.get(slot) == o}:
            changed |= self._remove(old[slot])
        for slot, occurrence in new.items():
            if old.get(slot) == occurrence:
                continue
            cluster = self.cluster(occurrence.node)
            self._connection.run(
                "INSERT INTO occurrences VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
                (post_id, slot, occurrence.node, cluster, occurrence.author, occurrence.earliest, occurrence.latest),
            )
            changed |= self._neighbours(occurrence.node)
            if self._shared(cluster, post_id):
                changed |= self._impose(occurrence, cluster)
                self._stand(occurrence, cluster)
        return changed - {post_id}

    def _shared(self, cluster: int, post_id: str) -> bool:
        """Whether anything of a cluster stands in another post: else there is nobody to come before or after."""
        query = "SELECT 1 FROM occurrences WHERE cluster = ? AND post_id <> ? LIMIT 1"
        return self._connection.row(query, (cluster, post_id)) is not None

    def _remove(self, occurrence: Occurrence) -> set[str]:
        self._connection.run(
            "DELETE FROM occurrences WHERE post_id = ? AND slot = ?", (occurrence.post_id, occurrence.slot)
        )
        return self.recompute(self.cluster(occurrence.node)) | self._neighbours(occurrence.node)

    def recompute(self, cluster: int) -> set[str]:
        """Every standing in a cluster anew, from the set. Returns the posts where one changed."""
        before = {
            (p, s): standing
            for p, s, standing in self._connection.rows(
                "SELECT post_id, slot, standing FROM occurrences WHERE cluster = ?", (cluster,)
            )
        }
        return {
            o.post_id
            for o in self._occurrences("cluster = ?", (cluster,))
            if self._stand(o, cluster) != before[(o.post_id, o.slot)]
        }

    def _impose(self, new: Occurrence, cluster: int) -> set[str]:
        """Give a new standing to those for whom the new occurrence changes something: others that it comes before or
        cannot be ordered with, and later ones of its own author, whom it may prove to have been first.
        """
        touched = (
            # The same bytes, later; similar, later; overlapping; one's own. The first three go by standing, since few
            # stand low in a large cluster; left to itself the planner goes by time.
            "by_node WHERE node = ?1 AND standing < 4 AND earliest > ?4 AND author <> ?3",
            "by_cluster WHERE cluster = ?2 AND standing < 3 AND earliest > ?4 AND author <> ?3",
            "by_cluster WHERE cluster = ?2 AND standing < 2 AND earliest <= ?4 AND latest >= ?5 AND author <> ?3",
            "by_author WHERE cluster = ?2 AND author = ?3 AND earliest > ?4 AND standing <> 1",
        )
        parameters = (new.node, cluster, new.author, new.latest, new.earliest, new.post_id)
        columns = "post_id, slot, node, author, earliest, latest, standing"
        changed: set[str] = set()
        for where in touched:
            others = f"SELECT {columns} FROM occurrences INDEXED BY occurrences_{where} AND post_id <> ?6"
            for *fields, standing in self._connection.rows(others, parameters):
                other = _occurrence(tuple(fields))
                if self._stand(other, cluster) != standing:
                    changed.add(other.post_id)
        return changed

    def _stand(self, o: Occurrence, cluster: int) -> int:
        """Compute and store one occurrence's standing from the set. Who copies the author's own earlier content takes
        nothing from the author: others count only where they are not certainly later than that.
        """
        own = self._own(o, cluster)
        unproven = "author <> ?3 AND earliest <= ?4 LIMIT 1"
        bound = UNBOUNDED if own is None else own
        standing = FIRST if own is None else OWN
        if self._connection.row(
            f"SELECT 1 FROM occurrences WHERE node = ?1 AND latest < ?2 AND {unproven}",
            (o.node, o.earliest, o.author, bound),
        ):
            standing = LATER_SAME
        elif self._connection.row(
            f"SELECT 1 FROM occurrences WHERE cluster = ?1 AND latest < ?2 AND {unproven}",
            (cluster, o.earliest, o.author, bound),
        ):
            standing = LATER
        elif self._connection.row(
            f"SELECT 1 FROM occurrences WHERE cluster = ?1 AND latest >= ?2 AND {unproven}",
            (cluster, o.earliest, o.author, min(bound, o.latest)),
        ):
            standing = UNORDERED
        self._connection.run(
            "UPDATE occurrences SET standing = ? WHERE post_id = ? AND slot = ?", (standing, o.post_id, o.slot)
        )
        return standing

    def _own(self, o: Occurrence, cluster: int) -> int | None:
        """By when the author certainly had this content before, in another post; None where they had not."""
        row = self._connection.row(
            "SELECT min(latest) FROM occurrences WHERE cluster = ? AND author = ? AND latest < ? AND post_id <> ?",
            (cluster, o.author, o.earliest, o.post_id),
        )
        return None if row is None or row[0] is None else int(row[0])

    def standings(self, post_id: str) -> dict[int, tuple[int, int]]:
        """Per slot of a post: (standing, node)."""
        rows = self._connection.rows("SELECT slot, standing, node FROM occurrences WHERE post_id = ?", (post_id,))
        return {slot: (standing, node) for slot, standing, node in rows}

    def partial(self, node: int, o: Occurrence) -> int | None:
        """How this occurrence stands through partial links: LATER, UNORDERED, None where no other author has such."""
        worst = None
        own = self._own(o, self.cluster(node))
        bound = UNBOUNDED if own is None else own
        for other in self._partners(node):
            if self._connection.row(
                "SELECT 1 FROM occurrences WHERE node = ? AND latest < ? AND author <> ? AND earliest <= ? LIMIT 1",
                (other, o.earliest, o.author, bound),
            ):
                return LATER
            if self._connection.row(
                "SELECT 1 FROM occurrences WHERE node = ? AND earliest <= ? AND latest >= ? AND author <> ? LIMIT 1",
                (other, min(bound, o.latest), o.earliest, o.author),
            ):
                worst = UNORDERED
        return worst

    def _partners(self, node: int) -> list[int]:
        """The nodes that partial links join to this one, less those that are, or rest on, what everybody shares."""
        return [other for other in self.partial_links.counting(node) if self.common(other) is None]

    def unlink(self, node: int) -> set[str]:
        """Forget the links of a node that rest on features, also those put aside, to prove them anew. Returns the posts
        whose relations may change."""
        touched = self.posts([node]) | self._neighbours(node)
        self.links.forget(node)
        return touched | self.regroup({self.cluster(node)})

    def untie(self, pairs: Iterable[Pair]) -> set[str]:
        """Forget the links of some nodes that depend on samples. Returns the posts whose standing may change: who lies
        in whom is the caller's to tell."""
        joined = self.links.untie(pairs)
        return self.regroup({self.cluster(node) for node in joined}) if joined else set()

    def _neighbours(self, node: int) -> set[str]:
        return self.posts(self._partners(node))

    def declare_common(self, node: int, label: str | None) -> set[str]:
        """No copy rests on this content any more (None: it may again). Splits or joins its cluster; returns the
        posts touched.
        """
        if self.common(node) == label:
            return set()
        old = self.cluster(node)
        self._connection.run("UPDATE nodes SET common = ? WHERE id = ?", (label, node))
        return self.regroup({old}) | self._neighbours(node)

    def regroup(self, clusters: Iterable[int]) -> set[str]:
        """Split clusters into what their links still join, and join what they join now. Returns the posts touched."""
        touched: set[str] = set()
        members: list[int] = []
        for cluster in clusters:
            touched |= self._posts_with("cluster = ?", (cluster,))
            members += [row[0] for row in self._connection.rows("SELECT id FROM nodes WHERE cluster = ?", (cluster,))]
        for member in members:
            self._connection.run("UPDATE nodes SET cluster = id WHERE id = ?", (member,))
            self._connection.run("UPDATE occurrences SET cluster = node WHERE node = ?", (member,))
        for a, b in sorted({pair for member in members for pair in self.links.joining(member)}):
            touched |= self._join(self.cluster(a), self.cluster(b))
        for cluster in {self.cluster(o.node) for post in touched for o in self._occurrences("post_id = ?", (post,))}:
            self.recompute(cluster)
        return touched

    def occurrence(self, post_id: str, slot: int) -> Occurrence:
        """The content that stands in one slot of a post. Raises ValueError where nothing was placed there."""
        [found] = self._occurrences("post_id = ? AND slot = ?", (post_id, slot))
        return found

    def occurrences(self, node: int) -> list[Occurrence]:
        """Everywhere this content stands, earliest first."""
        return self._occurrences("node = ? ORDER BY latest, earliest, post_id", (node,))

    def members(self, cluster: int) -> list[Occurrence]:
        """All occurrences of a cluster, earliest first."""
        return self._occurrences("cluster = ? ORDER BY latest, earliest, post_id", (cluster,))

    def cluster_name(self, cluster: int) -> str | None:
        """The lasting name of a cluster: the least content hash in it, shortened; None for a cluster of one post."""
        if len({o.post_id for o in self.members(cluster)}) < 2:
            return None
        row = self._connection.row("SELECT min(key) FROM nodes WHERE cluster = ?", (cluster,))
        return None if row is None else str(row[0]).partition(":")[2][:12]

    def partners(self, node: int) -> list[int]:
        """The nodes joined to this one by partial links."""
        return self._partners(node)

    def clear(self) -> None:
        """Forget every node, link and occurrence, to build them anew; who is behind an account stays known."""
        for table in ("occurrences", "links", "held_links", "nodes", "story_blocks"):
            self._connection.run(f"DELETE FROM {table}")

    def _occurrences(self, where: str, parameters: tuple[object, ...]) -> list[Occurrence]:
        rows = self._connection.rows(
            f"SELECT post_id, slot, node, author, earliest, latest FROM occurrences WHERE {where}", parameters
        )
        return [_occurrence(row) for row in rows]

    def posts(self, nodes: Iterable[int]) -> set[str]:
        """The posts in which any of these nodes stands."""
        among = json.dumps(list(nodes))
        return self._posts_with("node IN (SELECT value FROM json_each(?))", (among,)) if among != "[]" else set()

    def _posts_with(self, where: str, parameters: tuple[object, ...]) -> set[str]:
        return {
            row[0]
            for row in self._connection.rows(f"SELECT DISTINCT post_id FROM occurrences WHERE {where}", parameters)
        }


def _occurrence(row: Row) -> Occurrence:
    post_id, slot, node, author, earliest, latest = row
    return Occurrence(post_id=post_id, slot=slot, node=node, author=author, earliest=earliest, latest=latest)
