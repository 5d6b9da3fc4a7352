"""One post from intake to record. START READING HERE.

    plan     what is this post now, is it an entry, which of its media were not looked at yet   (store)
    look     fetch and examine those, all at once; find ahead what they may be copies of       (world)
    settle   relate, judge, record; and again every post whose relations that changed           (store, one transaction)

A post that is no entry (no hashtag, out of the window, the notice itself) is settled from the plan: nothing is
downloaded. A bug anywhere becomes a fault of the post, so that it waits for a person.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence

from bot.campaign import Campaign
from bot.copies.relate import Relater
from bot.decide import priority
from bot.log import get_logger
from bot.media.look import Looker, Seen
from bot.media.looked import looked
from bot.model import Case, Finding, MediaRef, Post, Verdict
from bot.posts.merge import url_key
from bot.rules import admits, judge
from bot.store import Store
from bot.store.connection import OperationalError
from bot.store.work import Job
from detectors.evidence import MediaEvidence, Value

MOST_CRASHES = 3
"""Attempts that ended with the process: after these a post is not touched again but shown to a person."""

_POISON = "poison"

log = get_logger("pipeline")


class Plan(Value):
    """A claimed post and which of its media must be looked at first. ``post`` is what it was then. ``fault``: why it
    must not be looked at any more.
    """

    job: Job
    post: Post | None = None
    todo: tuple[MediaRef, ...] = ()
    fault: str | None = None


class Pipeline:
    """The flow over one store. ``plan`` and ``settle`` run on the store's thread in a transaction, ``look`` in the
    loop.
    """

    def __init__(self, store: Store, relater: Relater, looker: Looker, campaign: Campaign) -> None:
        self._store, self._relater, self._looker, self._campaign = store, relater, looker, campaign
        self._finding = asyncio.Lock()  # who waits for a turn takes no thread meanwhile

    def plan(self, job: Job) -> Plan:
        """What must be looked at before this post can be judged."""
        if job.crashes > MOST_CRASHES:
            return Plan(job=job, fault=_POISON)
        try:
            post = self._store.intake.post(job.post_id, counters=False)
            return Plan(job=job, post=post, todo=self._todo(post))
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug: the post goes to a person
            log.error("plan failed", post=job.post_id, traceback=traceback.format_exc())
            return Plan(job=job, fault=type(error).__name__)

    def _todo(self, post: Post | None) -> tuple[MediaRef, ...]:
        if post is None or not admits(post, self._campaign):
            return ()
        refs = {url_key(ref): ref for ref in (*post.media, *post.former)}
        known = self._store.intake.attachments(post.id) if refs else {}
        return tuple(ref for key, ref in refs.items() if not self._settled(known.get(key)))

    def has_evidence(self, sha256: str) -> bool:
        """Whether these detectors examined these bytes already."""
        return self._store.media.evidence(sha256, self._looker.version) is not None

    def _settled(self, attachment: tuple[str | None, str | None] | None) -> bool:
        sha256, failure = attachment or (None, None)
        if sha256 is not None:
            return self.has_evidence(sha256)
        return failure is not None and failure.startswith("refused:")

    async def look(self, plan: Plan, has_evidence: Callable[[str], Awaitable[bool]]) -> tuple[Seen, ...]:
        """Fetch and examine all that the plan names, at once, and find ahead what it may be copied from. Failures are
        values in what comes back."""
        seen = tuple(await asyncio.gather(*(self._looker.look(ref, has_evidence) for ref in plan.todo)))
        for item in seen:
            if isinstance(item.examined, MediaEvidence):
                async with self._finding:
                    await asyncio.to_thread(self._find_ahead, item.examined)
        return seen

    def _find_ahead(self, evidence: MediaEvidence) -> None:
        try:
            self._relater.find_ahead(evidence)
        except Exception:  # noqa: BLE001 - settling finds it again, and what fails there goes to a person
            log.error("finding ahead failed", media=evidence.sha256, traceback=traceback.format_exc())

    def settle(self, plan: Plan, seen: Sequence[Seen], now: int) -> list[Verdict]:
        """Record what was seen, then relate, judge and record the post. Returns every verdict that is news.

        A bug on the way leaves a fault for a person instead, and nothing half written.
        """
        try:
            if not plan.todo:  # all that is written is the verdict, and that has a savepoint of its own
                return self._settle(plan, seen, now)
            with self._store.connection.transaction():
                return self._settle(plan, seen, now)
        except OperationalError:  # the database cannot be written just now: not the post's fault
            raise
        except Exception as error:  # noqa: BLE001 - a bug: the post goes to a person
            log.error("settling failed", post=plan.job.post_id, traceback=traceback.format_exc())
            self._relater.reload()
            self._store.work.done(plan.job, now)
            verdict = self._fault(plan.job.post_id, 1, (type(error).__name__,))
            recorded = self._store.verdicts.record(verdict, None, priority(verdict), ("settle",), now)
            return [verdict] if recorded else []

    def _settle(self, plan: Plan, seen: Sequence[Seen], now: int) -> list[Verdict]:
        post_id = plan.job.post_id
        self.keep(post_id, seen, now)
        for item in seen:
            if item.stored is None:
                failure = item.failure or f"unavailable:{item.transient or 'fault'}"
                self._store.intake.attach(post_id, item.ref, sha256=None, failure=failure)
        if not self._store.work.done(plan.job, now):
            return []  # it changed meanwhile: what was seen is kept, and the newer generation is judged instead
        faults = tuple(sorted({s.fault for s in seen if s.fault is not None} | ({plan.fault} if plan.fault else set())))
        return self.judge_all([post_id], now, {post_id: faults}, None if seen else plan.post)

    def keep(self, post_id: str, seen: Sequence[Seen], now: int) -> None:
        """Store what did succeed: also where the rest of the post must be tried again."""
        for item in seen:
            if item.stored is not None:
                self._store.media.add(item.stored.sha256, item.stored.size, now)
                self._store.intake.attach(post_id, item.ref, sha256=item.stored.sha256, failure=None)
                if item.examined is not None:
                    self._store.media.save(item.stored.sha256, self._looker.version, item.examined, now)

    def judge_all(
        self,
        post_ids: Sequence[str],
        now: int,
        faults: dict[str, tuple[str, ...]] | None = None,
        merged: Post | None = None,
    ) -> list[Verdict]:
        """Judge these posts from what is stored, and every post whose relations change with them, until none does.
        ``merged`` is one of them, where the caller has just read it.
        """
        news: list[Verdict] = []
        waiting = dict.fromkeys(post_ids)
        while waiting:  # ends: a post touches others only where a standing in the graph really changed
            post_id = next(iter(waiting))
            del waiting[post_id]
            known = merged if merged is not None and merged.id == post_id else None
            verdict, touched = self._judge(post_id, now, (faults or {}).get(post_id), known)
            waiting.update(dict.fromkeys(touched))
            if verdict is not None:
                news.append(verdict)
        return news

    def _judge(
        self, post_id: str, now: int, faults: tuple[str, ...] | None, merged: Post | None
    ) -> tuple[Verdict | None, Sequence[str]]:
        old = self._store.verdicts.get(post_id)
        if old is None and self._store.work.open([post_id]):
            return None, ()  # its own turn is still to come
        faults = faults if faults is not None else old.faults if old is not None else ()
        author = old.author_id if old is not None else None
        touched: Sequence[str] = ()
        if _POISON in faults:  # not even judged: that may be what ends the process
            verdict = self._fault(post_id, old.verdict.revision if old is not None else 1, faults)
            recorded = self._store.verdicts.record(verdict, author, priority(verdict), faults, now)
            return (verdict if recorded else None), ()
        try:
            with self._store.connection.transaction():
                post = merged or self._store.intake.post(post_id, counters=False)
                if post is None:
                    return None, ()  # forgotten
                author = post.author.id
                case, touched = self._case(post, faults)
                verdict = judge(case, self._campaign, on_fault=_log_fault)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug: what it half wrote is rolled back, and the indexes follow
            log.error("judging failed", post=post_id, traceback=traceback.format_exc())
            self._relater.reload()
            faults = tuple(sorted({*faults, type(error).__name__}))
            verdict = self._fault(post_id, old.verdict.revision if old is not None else 1, faults)
        return (
            verdict if self._store.verdicts.record(verdict, author, priority(verdict), faults, now) else None
        ), touched

    def _fault(self, post_id: str, revision: int, faults: tuple[str, ...]) -> Verdict:
        """Fail closed: a post that cannot be judged waits for a person."""
        finding = Finding(code="detector.fault", stance="ask", detail={"fault": ", ".join(faults)}, rule="pipeline")
        return Verdict(
            post_id=post_id,
            revision=revision,
            status="review",
            findings=(finding,),
            campaign=self._campaign.name,
            campaign_version=self._campaign.version,
        )

    def _case(self, post: Post, faults: tuple[str, ...]) -> tuple[Case, Sequence[str]]:
        if not admits(post, self._campaign):
            return Case(post=post, faults=faults), self._relater.withdraw(post)
        present, former = looked(self._store, self._looker.version, post)
        touched = self._relater.relate(post, present, former)
        relations, prior = self._relater.relations(post)
        return Case(post=post, looked=present, relations=relations, prior_entries=prior, faults=faults), touched


def _log_fault(code: str, error: Exception) -> None:
    log.error("rule failed", rule=code, traceback="".join(traceback.format_exception(error)))
