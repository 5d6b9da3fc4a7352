"""Who stands where by views on X. Pure.

Views count at one moment that is fixed beforehand: for each post on X the first count taken at that moment or within
the window after it. All versions of an edited post are one, and their views add up, for X counts each by itself. A
person has one place, for their best share. Equal views share a rank; among them the earlier post on X stands first.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final

import msgspec

from bot.awards.joining import Entered
from detectors.evidence import Value

_UNDECIDED = {
    "review": "post.review",
    "ineligible": "post.ineligible",
    "withdrawn": "post.deleted",
    None: "post.waiting",
}

FOR_PEOPLE: Final = frozenset({"post.review", "x.contested", "x.unrelated", "x.same_account"})
"""Why a share has no place until a person decides."""
UNCOUNTED: Final = frozenset({"x.unmeasured", "x.unreadable"})
"""Why nothing is known of its views."""


class Count(Value):
    """What was counted of one version of a post on X: its views, or why there are none."""

    x_id: str
    at: dt.datetime
    views: int | None
    failure: str | None


class Said(Value):
    """What a version of a post on X says. ``account``: X's id of its author; ``tagged``: whether it carries the
    campaign's hashtag; ``posts``: the posts on the square that it links to."""

    account: str | None
    tagged: bool
    posts: tuple[str, ...]


class Place(Value):
    """One place. ``rank`` is shared by equal views, and then ``tied``. ``chain``: the first version of the post on X;
    ``versions``: what was counted, with when the last was. Places stand in their final order, ties included."""

    rank: int
    tied: bool
    post_id: str
    author_id: str
    owner: str
    chain: str
    versions: tuple[Count, ...]
    views: int


class Out(Value):
    """A share that has no place, and the code that says why. ``views``: what counts of it all the same, None where
    nothing was counted."""

    post_id: str
    x_id: str
    code: str
    views: int | None = None


class Board(Value):
    """The whole list. ``final``: all that counts was counted at the moment, and nothing more can come."""

    moment: dt.datetime | None
    until: dt.datetime | None
    final: bool
    places: tuple[Place, ...]
    out: tuple[Out, ...]

    @property
    def waiting(self) -> int:
        """Shares that have no place until a person decides."""
        return sum(gone.code in FOR_PEOPLE for gone in self.out)


def rank(
    shares: Iterable[Entered],
    chains: Mapping[str, str],
    counts: Iterable[Count],
    moment: dt.datetime | None,
    window: dt.timedelta,
    now: dt.datetime,
    said: Mapping[str, Said],
) -> Board:
    """Rank shares. ``chains``: the first version of each post on X that was ever counted; ``said``: what versions say,
    as far as X told. Before the moment, or while none is fixed, the newest counts give a provisional list."""
    reached = moment is not None and now >= moment
    until = None if moment is None else moment + window
    best = _counted(counts, moment if reached else None, until)
    versions: dict[str, list[str]] = {}
    for x_id, chain in sorted(chains.items(), key=lambda item: (len(item[0]), item[0])):
        versions.setdefault(chain, []).append(x_id)
    standing, out = _standing(shares, chains)
    heard = {chain: [said[x_id] for x_id in versions.get(chain, [chain]) if x_id in said] for chain, _ in standing}
    standing, doubted = _credible(standing, heard)
    out += doubted
    found = []
    for chain, share in standing:
        counted = [best[x_id] for x_id in versions.get(chain, [chain]) if x_id in best]
        seen = tuple(count for count in counted if count.views is not None)
        if seen:
            found.append((sum(count.views or 0 for count in seen), chain, share, seen))
        else:
            failure = next((count.failure for count in reversed(counted) if count.failure), "x.unmeasured")
            out.append(_out(share, failure))
    found.sort(key=lambda item: (-item[0], int(item[1])))
    places, beaten = _placed(found)
    out += beaten
    unmeasured = any(gone.code in UNCOUNTED for gone in out)
    views = Counter[str]()
    for x_id, count in best.items():
        if count.views is not None:
            views[chains.get(x_id, x_id)] += count.views
    out = [msgspec.structs.replace(gone, views=views.get(chains.get(gone.x_id, gone.x_id))) for gone in out]
    return Board(
        moment=moment,
        until=until,
        final=reached and until is not None and (now > until or not unmeasured),
        places=tuple(places),
        out=tuple(sorted(out, key=lambda gone: (gone.code, len(gone.post_id), gone.post_id))),
    )


def _standing(shares: Iterable[Entered], chains: Mapping[str, str]) -> tuple[list[tuple[str, Entered]], list[Out]]:
    """Shares that count, each with its chain, and those that do not. A chain that two people have, through two of
    its versions, is nobody's until a person settles it; where one person has it twice, the first share stands."""
    by_chain: dict[str, list[Entered]] = {}
    out = []
    for share in shares:
        if share.state == "dropped":
            out.append(_out(share, "share.dropped"))
        elif share.state == "contested":
            out.append(_out(share, "x.contested"))
        elif share.status != "eligible":
            out.append(_out(share, _UNDECIDED[share.status]))
        else:
            by_chain.setdefault(chains.get(share.x_id, share.x_id), []).append(share)
    standing = []
    for chain, claims in by_chain.items():
        settled = [claim for claim in claims if claim.state == "settled"] or claims
        if len({claim.owner for claim in settled}) > 1:
            out += [_out(claim, "x.contested") for claim in claims]
            continue
        standing.append((chain, settled[0]))
        out += [_out(claim, "x.same_chain") for claim in claims if claim is not settled[0]]
    return standing, out


def _credible(
    standing: list[tuple[str, Entered]], heard: Mapping[str, list[Said]]
) -> tuple[list[tuple[str, Entered]], list[Out]]:
    """Shares that X bears out or says nothing of, and those that a person must look at first: the post on X has nothing
    to do with the post, or its account shares for several people. What a person settled stands."""
    owners: dict[str, set[str]] = {}
    for chain, share in standing:
        for version in heard[chain]:
            if version.account is not None:
                owners.setdefault(version.account, set()).add(share.owner)
    credible, out = [], []
    for chain, share in standing:
        versions = heard[chain]
        related = not versions or any(version.tagged or share.post_id in version.posts for version in versions)
        alone = all(len(owners.get(version.account or "", ())) < 2 for version in versions)
        if share.state == "settled" or (related and alone):
            credible.append((chain, share))
        else:
            out.append(_out(share, "x.same_account" if related else "x.unrelated"))
    return credible, out


def _counted(counts: Iterable[Count], moment: dt.datetime | None, until: dt.datetime | None) -> dict[str, Count]:
    """The count that stands for each version: with a moment the first one in its window, views before failures; else
    the newest."""
    best: dict[str, Count] = {}
    for count in sorted(counts, key=lambda count: count.at):
        if moment is None or until is None:
            best[count.x_id] = count
        elif moment <= count.at <= until:
            known = best.get(count.x_id)
            if known is None or known.views is None:
                best[count.x_id] = count
    return best


_Found = tuple[int, str, Entered, tuple[Count, ...]]


def _placed(found: Sequence[_Found]) -> tuple[list[Place], list[Out]]:
    """Ranks, one place a person; ``found`` stands in its final order."""
    taken: dict[str, _Found] = {}
    beaten = [_out(item[2], "x.own_better") for item in found if taken.setdefault(item[2].owner, item) is not item]
    tally = Counter(item[0] for item in taken.values())
    ranks = dict(zip(tally, accumulate(tally.values(), initial=1), strict=False))
    places = [
        Place(
            rank=ranks[count],
            tied=tally[count] > 1,
            post_id=share.post_id,
            author_id=share.author_id,
            owner=share.owner,
            chain=chain,
            versions=versions,
            views=count,
        )
        for count, chain, share, versions in taken.values()
    ]
    return places, beaten


def _out(share: Entered, code: str) -> Out:
    return Out(post_id=share.post_id, x_id=share.x_id, code=code)
