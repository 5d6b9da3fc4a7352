"""How a post stands to all others: its media are linked (``bot/copies/linking.py``), its story, its person, and all
are placed in the graph, in the caller's transaction. Standings are a function of the set of posts: any order of arrival
ends in the same relations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from bot.campaign import Campaign
from bot.copies.ahead import Ahead
from bot.copies.linking import Linker
from bot.copies.proof import SHARED_LEAST
from bot.copies.relations import relations
from bot.model import Interval, Looked, Post, Relation
from bot.store import Store
from bot.store.graph import FORMER, PERSON, TEXT, Occurrence
from bot.store.times import span
from detectors.evidence import MediaEvidence
from detectors.text import story
from detectors.text_index import TextIndex


def author_key(post: Post, person: str | None) -> str:
    """Who counts as one author: the verified person, else the account, else nobody else."""
    if person is not None:
        return f"p:{person}"
    return f"?{post.id}" if post.author.id is None else f"a:{post.author.id}"


def ground(campaign: Campaign) -> str:
    """What the links of a campaign rest on, as a hash: the same for campaigns under which the same links are proven."""
    rests_on = [campaign.copies, campaign.notice, SHARED_LEAST]
    return hashlib.sha256(msgspec.json.encode(rests_on, order="deterministic")).hexdigest()


class Relater:
    """The indexes in memory and the graph in the store. One per data directory; not for use from several threads, but
    for ``find_ahead``."""

    def __init__(self, store: Store, campaign: Campaign, version: str) -> None:
        self._store = store
        self._campaign = campaign
        self._version = version
        self._ahead = Ahead(store.directory, campaign, version)
        store.grounds.put(ground(campaign))
        self.reload()

    def reload(self) -> None:
        """Build the indexes anew from the store: at start, and after a transaction that did not commit."""
        self._pictures = Linker(self._store, self._campaign, self._version)
        self._read_stories()

    def find_ahead(self, evidence: MediaEvidence) -> None:
        """Find and prove what a medium may be a copy of, so that relating its post takes less: on any thread, and
        harmless where it is left out. ``evidence`` has its features with it."""
        self._ahead.find(evidence, lambda: self._pictures.indexes())  # those of now: a reload makes others

    def close(self) -> None:
        """Find nothing ahead any more; harmless when called twice."""
        self._ahead.close()

    def _read_stories(self) -> None:
        """Read the index of stories anew: at start, and after somebody else has changed it."""
        stories = self._store.stories
        with self._store.connection.transaction():
            self._texts = TextIndex(stories.words, stories, stories.families())
            for node, cluster, words in stories.after(self._texts.last):
                self._texts.add(node, words, [cluster])

    def bank_changed(self, sha256: str, views: Sequence[str]) -> set[str]:
        """A picture has entered the bank or left it, of which these are the hashes of all its views. Returns the posts
        whose relations may change."""
        return self._pictures.bank_changed(sha256, views)

    def label(self, evidence: MediaEvidence) -> str | None:
        """Whether this whole picture is one that everybody shares: "official:ASSET", "common:LABEL", else None."""
        return self._pictures.label(evidence)

    def relate(self, post: Post, looked: Sequence[Looked], former: Sequence[Looked]) -> tuple[str, ...]:
        """Place a post in the graph. Returns the other posts whose relations changed with it."""
        changed: set[str] = set()
        person = self._person(post)
        author = author_key(post, person)
        occurrences: list[Occurrence] = []
        media = [*enumerate(looked), *((FORMER + i, item) for i, item in enumerate(former))]
        entered = [*post.entered, *post.former_entered]
        for (slot, item), interval in zip(media, entered, strict=True):
            if isinstance(item.result, MediaEvidence):
                node, touched = self._pictures.add(item.result, self._ahead.take(item.result.sha256))
                changed |= touched
                occurrences.append(_occurrence(post, slot, node, author, interval))
        words = story(f"{post.title}\n{post.text}", self._campaign.notice.texts)
        if len(words) >= self._campaign.copies.text_min_chars:
            occurrences.append(_occurrence(post, TEXT, self._text_node(words, changed), author, post.text_entered))
        if person is not None:
            node, _ = self._store.graph.node(f"p:{person}", "person")
            account = post.author.id or f"?{post.id}"
            occurrences.append(_occurrence(post, PERSON, node, account, post.posted))
        changed |= self._store.graph.place(post.id, occurrences)
        return tuple(sorted(changed - {post.id}))

    def withdraw(self, post: Post) -> tuple[str, ...]:
        """Take a post that is no entry out of the graph. Returns the other posts whose relations changed."""
        return tuple(sorted(self._store.graph.place(post.id, ())))

    def relations(self, post: Post) -> tuple[tuple[Relation, ...], int]:
        """How a placed post stands now, as ``bot.copies.relations`` reads it."""
        return relations(self._store.graph, post.id)

    def _person(self, post: Post) -> str | None:
        if post.author.person is not None or post.author.id is None:
            return post.author.person
        return self._store.intake.person(post.author.id)

    def _text_node(self, words: str, changed: set[str]) -> int:
        if self._store.stories.moved():
            self._read_stories()
        node, new = self._store.graph.node(f"t:{hashlib.sha256(words.encode()).hexdigest()}", "text", words.encode())
        if new:
            kin = self._texts.families(words, self._campaign.copies.text)
            for other, alike, _ in kin:
                changed |= self._store.graph.link(node, other, "text", round((1 - alike) * 1000))
            self._texts.add(node, words, [family for _, _, family in kin])
        return node


def _occurrence(post: Post, slot: int, node: int, author: str, interval: Interval) -> Occurrence:
    earliest, latest = span(interval)
    return Occurrence(post_id=post.id, slot=slot, node=node, author=author, earliest=earliest, latest=latest)
