"""What the bank changes for links that show nothing of it, and for those that rest on hashes alone."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import msgspec
import pytest

from bot.copies import bank
from bot.copies.linking import Linker
from bot.copies.parts import NEVER, Detail, hexed, written
from bot.copies.relate import Relater
from bot.model import Looked
from bot.store import Store
from bot.store.graph import Occurrence
from bot.store.links import Link
from detectors.evidence import Fingerprint, MediaEvidence, Panel
from tests.property.test_parts_order import CAMPAIGN, START, evidence, post

SHARED = (1 << 20) - 1


def detail(*, doubtful: bool) -> str:
    """A proof that rests on the shared points: a frame that makes no copy, or one that makes it where they count."""
    corners = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
    return written(
        Detail(
            inliers=20,
            area=0.5,
            alike=0.5 if doubtful else 0.8,
            quad=corners,
            points=hexed((SHARED, SHARED)),
            least=NEVER if doubtful else 10,
            doubtful=doubtful,
        )
    )


def test_who_gains_by_a_link_that_the_bank_breaks_is_told(tmp_path: Path) -> None:
    """Four show a frame with a picture, so what it shares with a fifth is no copy. One of the four turns out to be
    everybody's: three are no frame, so the fifth is a copy now, though neither shows anything of the bank."""
    store = Store(tmp_path)
    with store.transaction():
        graph, hashes = store.graph, [hashlib.sha256(bytes([number])).hexdigest() for number in range(6)]
        nodes = [graph.node(f"m:{sha256}", "media", b"i" + bytes.fromhex(sha256))[0] for sha256 in hashes]
        middle, copy, *frames = nodes
        for node in nodes:
            graph.place(str(node), _shown(node))
        graph.link_all(middle, [Link(one, "partial", 256, detail(doubtful=True)) for one in frames])
        graph.link_all(middle, [Link(copy, "partial", 256, detail(doubtful=False))])
        assert graph.partners(middle) == []
        told = Linker(store, CAMPAIGN, "v").bank_changed("0" * 64, [hashes[-1]])
        assert graph.partners(middle) == [copy]
        assert {str(middle), str(copy)} <= told
    store.close()


def _shown(node: int) -> list[Occurrence]:
    return [Occurrence(post_id=str(node), slot=0, node=node, author=str(node), earliest=node, latest=node)]


def seen(name: str, views: list[int], panel: list[int]) -> MediaEvidence:
    """A picture that has hashes only, of all its views, and those of one that it holds."""
    shown = [f"{view:064x}" for view in views]
    held = [f"{view:064x}" for view in panel]
    return msgspec.structs.replace(
        evidence("whole 1"),
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        fingerprints=(Fingerprint(pdq=shown[0], orientations=tuple(shown), phash="0" * 16, quality=100),),
        panels=(Panel(box=(0, 0, 9, 9), pdq=held[0], orientations=tuple(held), quality=100),) if panel else (),
        features=b"",
    )


@pytest.mark.parametrize("mirrored", [False, True])
def test_links_that_rest_on_a_panel_follow_the_bank(tmp_path: Path, mirrored: bool) -> None:
    """Two hold one picture in a panel, as it is or mirrored: it enters the bank, they are no copies; it leaves, they
    are. Both are told."""
    chance = random.Random(1)
    views, *own = ([chance.getrandbits(256) for _ in range(8)] for _ in range(3))
    poster = seen("poster", views, [])
    panel = [views[1], views[0], *views[2:]] if mirrored else views
    store = Store(tmp_path)
    relater = Relater(store, CAMPAIGN, "v")
    with store.transaction():
        if mirrored:  # a bank remembers the picture as it is: it must have been in a post for more
            store.media.save(poster.sha256, "v", poster, 0)
        for number, hashes in enumerate(own):
            holder, it = seen(f"holder {number}", hashes, panel), post(number, "holder")
            store.media.save(holder.sha256, "v", holder, 0)
            relater.relate(it, [Looked(ref=it.media[0], result=holder)], ())
        later = post(1, "holder")
        assert [relation.kind for relation in relater.relations(later)[0]] == ["partial"]
        assert bank.add(store, relater, poster, "poster", "common", 31, "ann", START) == {"0", "1"}
        assert relater.relations(later)[0] == ()
        (banked,) = bank.listed(store)
        assert bank.remove(store, relater, banked, "ann", START) == {"0", "1"}
        assert [relation.kind for relation in relater.relations(later)[0]] == ["partial"]
    store.close()
