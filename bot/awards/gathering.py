"""What the awards of a campaign would rest on just now, gathered from everything that is stored."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.awards.allocation import Contender, Tier
from bot.awards.basis import ABROAD, AT_HOME, FORMAT, Basis, Score, pseudonym
from bot.awards.drawing import codes, draws
from bot.awards.leaderboard import FOR_PEOPLE, UNCOUNTED, Board
from bot.awards.panel import Panel
from bot.awards.shares import leaderboard
from bot.campaign import Campaign
from bot.campaign.prizes import Method
from bot.store import Store
from bot.store.people import Persons
from bot.store.verdicts import Record
from bot.store.winners import Winners
from detectors.evidence import Value


class Problem(Value):
    """Something that a person must settle first: a code, and what it is about."""

    code: str
    about: str


class Gathering:
    """One campaign's, over one reading of the store. ``records``: how each post stands."""

    def __init__(self, store: Store, campaign: Campaign, now: dt.datetime, records: Mapping[str, Record]) -> None:
        self._store, self._campaign, self._now, self._records = store, campaign, now, records
        self._kept = Winners(store.connection, store.log, campaign.name)
        self._persons = Persons(store.connection, store.log)

    def basis(self, key: str) -> tuple[Basis, tuple[Problem, ...]]:
        """What the awards would rest on now, and what of it is not there yet."""
        wanted = {prize.method for prize in self._campaign.prizes}
        rankings: dict[Method, tuple[str, ...]] = {}
        problems: list[Problem] = []
        scores: dict[str, Score] = {}
        views: dict[str, int] = {}
        entries: dict[str, str] = {}
        if "judged" in wanted:
            panel = Panel(self._store, self._campaign)
            found = panel.ranking()
            rankings["judged"] = tuple(s.post_id for s in found)
            scores = {s.post_id: Score(score=s.score, error=s.error, scores=s.scores) for s in found}
            if missing := panel.missing():
                problems.append(Problem(code="judging.unfinished", about=f"{len(missing)} posts"))
        if "draw" in wanted:
            entries = self._drawn()
            rankings["draw"] = tuple(entries)
            if not entries:
                problems.append(Problem(code="draw.not_held", about=self._campaign.name))
        if "views" in wanted:
            views = {place.post_id: place.views for place in self._board.places}
            rankings["views"] = tuple(views)
            problems += _unfinished(self._board)
        ranked = dict.fromkeys(post_id for ranking in rankings.values() for post_id in ranking)
        contenders = {post_id: self._contender(post_id, key) for post_id in ranked}
        basis = Basis(
            format=FORMAT,
            campaign=self._campaign.name,
            campaign_version=self._campaign.version,
            at=self._now,
            prizes=self._campaign.prizes,
            one_prize=self._campaign.awards.one_prize,
            rubric=tuple(self._campaign.rubric.items()),
            rankings=rankings,
            contenders=contenders,
            out=self._out(contenders),
            revisions={p: self._records[p].verdict.revision for p in contenders if p in self._records},
            scores=scores,
            views=views,
            entries=entries,
        )
        return basis, tuple(problems)

    def shares(self, tiers: Sequence[Tier]) -> Iterator[Problem]:
        """Shares that might stand among the winners by views, and do not because nobody decided or counted them."""
        by_views = [tier for tier in tiers if tier.method == "views"]
        if not by_views or not self._board.final:
            return
        views = {place.post_id: place.views for place in self._board.places}
        least = min((views[tier.awards[-1].post_id] if len(tier.awards) == tier.count else 0) for tier in by_views)
        for gone in self._board.out:
            if gone.code in UNCOUNTED:
                yield Problem(code="share.unmeasured", about=gone.post_id)
            elif gone.code in FOR_PEOPLE and (gone.views is None or gone.views >= least):
                code = "post.review" if gone.code == "post.review" else "share.waiting"
                yield Problem(code=code, about=gone.post_id)

    @functools.cached_property
    def _board(self) -> Board:
        return leaderboard(self._store, self._campaign, self._now)

    def _drawn(self) -> dict[str, str]:
        """Post to entry, in the order of the draw; whoever was forgotten is left out."""
        it = draws(self._store).get(self._campaign.name)
        if it is None or it.result is None:
            return {}
        posts = {entry.entry: entry.post_id for entry in it.entries}
        return {post_id: name for name in it.result.ranking if (post_id := posts[name]) is not None}

    def _out(self, contenders: Collection[str]) -> dict[str, str]:
        """Who cannot win: disqualified, or eligible no more."""
        said = {post_id: reason for post_id, (reason, _) in self._kept.disqualified().items()}
        for post_id in contenders:
            record = self._records.get(post_id)
            if record is None:
                said.setdefault(post_id, "post.forgotten")
            elif record.status != "eligible":
                said.setdefault(post_id, next(iter(codes(self._store, record)), record.status))
        return {post_id: reason for post_id, reason in sorted(said.items()) if post_id in contenders}

    def _contender(self, post_id: str, key: str) -> Contender:
        unit = self.unit(post_id)
        return Contender(
            post_id=post_id,
            unit=pseudonym(key, unit),
            confirmed=unit.startswith("person:"),
            region=self.home(self.region(post_id)),
        )

    def unit(self, post_id: str) -> str:
        """Who is behind a post: the verified person, else the account, else the post stands for itself."""
        record = self._records.get(post_id)
        account = None if record is None else record.author_id
        person = self._persons.of(post_id, account)
        if person is not None:
            return f"person:{person}"
        return f"post:{post_id}" if account is None else f"author:{account}"

    def region(self, post_id: str) -> str | None:
        """Where its author lives: as a moderator confirmed, else as a source said."""
        record = self._records.get(post_id)
        said = None if record is None else self._persons.confirmed(post_id, record.author_id)
        if said is not None and said.region is not None:
            return said.region
        author = self._store.intake.author(post_id)
        return None if author is None else author.region

    def home(self, region: str | None) -> str | None:
        """Whether that is at home, where prizes are goods, or abroad."""
        return None if region is None else AT_HOME if region in self._campaign.awards.home else ABROAD


def _unfinished(board: Board) -> list[Problem]:
    if board.final:
        return []
    moment = "not fixed" if board.moment is None else board.moment.isoformat()
    return [Problem(code="views.not_final", about=moment)]
