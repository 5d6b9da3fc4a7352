"""Judging what is stored again, under another campaign file, on a copy: what would flip. Changes nothing.

Where the links of copies rest on the same thresholds, they are taken as they stand, and posts are judged side by side
in several processes; only posts that the campaign lets in or keeps out now are placed anew. Else the graph of copies is
built anew first, one post after the other.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from bot.campaign import Campaign
from bot.copies.relate import Relater, ground
from bot.copies.relations import relations
from bot.decide import outcome
from bot.media.looked import looked
from bot.model import Case, Post, Status, Verdict
from bot.reports.export import reason
from bot.rules import admits, judge
from bot.store import Store
from bot.store.copy import copy_database
from bot.store.verdicts import Record
from detectors.evidence import Value

Progress = Callable[[int], None]

_SLICE: Final = 500  # posts that one process takes at a time
_FEW: Final = 4 * _SLICE  # posts for which no further process is started


class Flip(Value):
    """One post that would stand elsewhere. ``before`` and ``after`` with what people decided taken into account.
    ``media``: the hashes of its pictures, to show them."""

    post_id: str
    revision: int
    before: Status
    after: Status
    decided_by: str
    reasons_before: tuple[dict[str, Any], ...]
    reasons_after: tuple[dict[str, Any], ...]
    media: tuple[str, ...] = ()


class Replayed(Value):
    """How many posts were judged, which would flip, and how many need a look that never happened: under the old
    campaign nothing of theirs was downloaded."""

    posts: int
    flips: tuple[Flip, ...]
    unseen: int


class _Judged(Value):
    """One post judged again. ``moved``: it is an entry now and is not placed in the graph, or the other way round."""

    post_id: str
    flip: Flip | None
    unseen: bool
    moved: bool


def replay(
    store: Store, campaign: Campaign, version: str, on_progress: Progress = lambda done: None, processes: int = 0
) -> Replayed:
    """Judge every stored post under ``campaign``, in a copy of the database. ``version`` names the evidence to prefer;
    ``processes``: how many judge side by side (0: one a core). Raises UserError."""
    with tempfile.TemporaryDirectory(prefix="gatewarden-replay-") as name:
        copy_database(store.connection, Path(name) / "gatewarden.db")
        copy = Store(Path(name))
        try:
            ids = copy.verdicts.ids()
            if copy.grounds.all() - {ground(campaign)}:
                _build_anew(copy, campaign, version, ids)
            found = {}
            for judged in _side_by_side(copy, campaign, version, ids, processes):
                found[judged.post_id] = judged
                if len(found) % _SLICE == 0:
                    on_progress(len(found))
            moved = [post_id for post_id in ids if found[post_id].moved]
            for post_id in _place(copy, campaign, version, moved) if moved else ():
                found[post_id] = _again(copy, campaign, version, post_id)
        finally:
            copy.close()
    flips = tuple(flip for post_id in ids if (flip := found[post_id].flip) is not None)
    return Replayed(posts=len(ids), flips=flips, unseen=sum(judged.unseen for judged in found.values()))


def _build_anew(copy: Store, campaign: Campaign, version: str, ids: Iterable[str]) -> None:
    """Prove every link anew: thresholds of copies changed."""
    with copy.transaction():
        copy.graph.clear()
        copy.grounds.clear()
        relater = Relater(copy, campaign, version)
        for post_id in ids:
            post = copy.intake.post(post_id, counters=False)
            if post is not None and admits(post, campaign):
                relater.relate(post, *looked(copy, version, post))


def _place(copy: Store, campaign: Campaign, version: str, moved: Sequence[str]) -> list[str]:
    """Place in the graph what is an entry now, take out what is none any more. Returns all that this touches."""
    touched = dict.fromkeys(moved)
    with copy.transaction():
        relater = Relater(copy, campaign, version)
        for post_id in moved:
            post = copy.intake.post(post_id, counters=False)
            if post is None:
                continue
            entry = admits(post, campaign)
            others = relater.relate(post, *looked(copy, version, post)) if entry else relater.withdraw(post)
            touched.update(dict.fromkeys(others))
    return [post_id for post_id in touched if copy.verdicts.get(post_id) is not None]


def _side_by_side(
    copy: Store, campaign: Campaign, version: str, ids: Sequence[str], processes: int
) -> Iterator[_Judged]:
    count = min(processes or os.cpu_count() or 1, len(ids) // _SLICE + 1)
    if len(ids) <= _FEW or count == 1:
        yield from (_again(copy, campaign, version, post_id) for post_id in ids)
        return
    slices = [tuple(ids[start : start + _SLICE]) for start in range(0, len(ids), _SLICE)]
    context = multiprocessing.get_context("spawn")  # nothing of this process, its database least of all, is shared
    with ProcessPoolExecutor(
        count, mp_context=context, initializer=_sit_down, initargs=(copy.directory, campaign, version)
    ) as pool:
        yield from itertools.chain.from_iterable(pool.map(_judge_slice, slices))


_seat: tuple[Store, Campaign, str] | None = None
"""What a judging process works with."""


def _sit_down(directory: Path, campaign: Campaign, version: str) -> None:
    global _seat
    _seat = Store(directory), campaign, version


def _judge_slice(ids: tuple[str, ...]) -> list[_Judged]:
    assert _seat is not None, "the process was started with its seat"
    return [_again(*_seat, post_id) for post_id in ids]


def _again(copy: Store, campaign: Campaign, version: str, post_id: str) -> _Judged:
    old = copy.verdicts.get(post_id)
    assert old is not None, "only judged posts are judged again"
    post = copy.intake.post(post_id, counters=False)
    if post is None:
        return _Judged(post_id=post_id, flip=None, unseen=False, moved=False)
    entry = admits(post, campaign)
    moved = entry != bool(copy.graph.standings(post_id))
    case = _case(copy, version, post, old.faults) if entry else Case(post=post, faults=old.faults)
    new = judge(case, campaign)
    unseen = any(f.detail.get("reason") == "not_looked_at" for f in new.findings)
    return _Judged(post_id=post_id, flip=_flip(copy, old, new, case), unseen=unseen, moved=moved)


def _case(copy: Store, version: str, post: Post, faults: tuple[str, ...]) -> Case:
    present, _ = looked(copy, version, post)
    found, prior = relations(copy.graph, post.id)
    return Case(post=post, looked=present, relations=found, prior_entries=prior, faults=faults)


def _flip(copy: Store, old: Record, new: Verdict, case: Case) -> Flip | None:
    stands = outcome(new, copy.verdicts.decisions(old.post_id))
    if stands.status == old.status:
        return None
    hashes = (getattr(item.result, "sha256", None) for item in case.looked)
    return Flip(
        post_id=old.post_id,
        revision=new.revision,
        before=old.status,
        after=stands.status,
        decided_by=stands.decided_by,
        reasons_before=_reasons(old.verdict),
        reasons_after=_reasons(new),
        media=tuple(sha256 for sha256 in hashes if sha256 is not None),
    )


def _reasons(verdict: Verdict) -> tuple[dict[str, Any], ...]:
    return tuple(reason(finding) for finding in verdict.findings if finding.stance != "supports")
