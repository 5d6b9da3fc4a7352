"""Who is in flight is met from either side."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.copies import pending, recent
from bot.copies.ahead import Found
from bot.copies.finder import Finder, Medium
from bot.copies.pending import Pending
from bot.copies.relate import Relater
from bot.model import Looked
from bot.store import Store
from detectors.evidence import MediaEvidence
from detectors.features import codes
from tests.property.test_parts_order import CAMPAIGN, evidence, post
from tests.unit.test_bank_links import seen

CHANCE = random.Random(1)
VIEWS, OTHERS = ([CHANCE.getrandbits(256) for _ in range(8)] for _ in range(2))
TURNED, UPRIGHT = seen("turned", VIEWS, []), seen("upright", [VIEWS[3], *OTHERS[1:]], [])
"""The views of the first find the hash of the second, and not the other way round."""


def medium(of: MediaEvidence) -> Medium:
    return Medium(0, of, codes(of.features))


@pytest.mark.parametrize("turned_first", [False, True])
def test_near_is_told_apart_by_whose_views_find_whom(turned_first: bool) -> None:
    """Of two in flight it is known whose views find the other's hash, whichever was found first."""
    early, late = (TURNED, UPRIGHT) if turned_first else (UPRIGHT, TURNED)
    known = Pending()
    known.keep(medium(early))
    met = known.meet(medium(late), 31)
    assert (met.near, met.back) == (({}, {early.sha256: 0}) if turned_first else ({early.sha256: 0}, {}))


@pytest.mark.parametrize("turned_first", [False, True])
@pytest.mark.parametrize("linked_as_found", [False, True])
def test_who_is_linked_later_searches(
    tmp_path: Path, turned_first: bool, linked_as_found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What two in flight are to each other is what the later one to be linked would have found by a search."""
    order = [TURNED, UPRIGHT] if turned_first else [UPRIGHT, TURNED]
    linked = []
    for ahead in (False, True):
        store = Store(tmp_path / str(ahead))
        relater = Relater(store, CAMPAIGN, "v")
        for one in order if ahead else []:
            relater.find_ahead(one)
        if ahead:
            monkeypatch.setattr(Finder, "near", lambda *_args, **_options: pytest.fail("searched"))
        with store.transaction():
            for number, one in enumerate(order if linked_as_found else order[::-1]):
                store.media.save(one.sha256, "v", one, 0)
                it = post(number, "one")
                relater.relate(it, [Looked(ref=it.media[0], result=one)], ())
        linked.append(store.connection.rows("SELECT count(*) FROM links"))
        relater.close()
        store.close()
    assert linked[0] == linked[1]


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the most, the older half is forgotten, and who comes then is told since when it has met all."""
    monkeypatch.setattr(pending, "_MOST", 4)
    known = Pending()
    for _ in range(5):
        known.keep(medium(TURNED))
    met = known.meet(medium(TURNED), 31)
    assert (met.number, met.since) == (6, 3)
    assert met.near == {TURNED.sha256: 0}
    assert known.evidence(TURNED.sha256) is TURNED


def test_who_came_before_those_kept_has_not_been_met(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more newcomers than are kept it is said that some are missing."""
    monkeypatch.setattr(recent, "_MOST", 2)
    known = recent.Recent(0)
    mine = medium(evidence("whole 1"))
    found = Found(0, object(), (), {}, {}, Pending().meet(mine, 31), {}, mine.words)
    for node in (1, 2, 3):
        known.add(node, str(node), None)
    assert not known.since("mine", found).all
    assert not known.since("mine", found._replace(upto=1)).all
    assert known.since("mine", found._replace(upto=3)).all
