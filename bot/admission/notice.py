"""The campaign's own notice, known by its post id, its author, or its words. Pure.

The notice carries the hashtag and the rules, so it looks like an entry; people who take part quote it. What decides is
what remains once the quoted notice is taken away: own words, or own pictures, make an entry.
"""

from __future__ import annotations

import functools
from typing import Final

from bot.admission.letters import fold
from bot.campaign import Campaign
from bot.model import Post

_RUN: Final = 6
"""Letters in a row that must agree: shorter runs meet by chance, longer ones miss a notice with small changes."""


def identified(post: Post, campaign: Campaign) -> str | None:
    """By what the post is known as the operators' own: "id" or "author"; None where it is not."""
    if post.id in campaign.notices:
        return "id"
    known = {post.author.id, post.author.person} - {None}
    return "author" if known & set(campaign.official_authors) else None


def is_notice_text(post: Post, campaign: Campaign) -> bool:
    """Whether the words are the notice's and next to nothing else."""
    policy = campaign.notice
    words = _letters(f"{post.title}\n{post.text}")
    for text in policy.texts:
        runs = _runs(text)
        if not runs or len(words) < policy.coverage * len(runs):
            continue
        covered, met = _cover(words, runs)
        if met >= policy.coverage * len(runs) and len(words) - sum(covered) <= policy.own_words:
            return True
    return False


def own_letters(text: str, campaign: Campaign) -> int:
    """Letters and digits of ``text`` that are not quoted from the notice. Linear time."""
    words = _letters(text)
    runs = frozenset[str]().union(*map(_runs, campaign.notice.texts))
    return len(words) - sum(_cover(words, runs)[0])


def _letters(text: str) -> str:
    """Letters and digits alone: line breaks, emoji and punctuation get lost or changed on the way."""
    return "".join(filter(str.isalnum, fold(text)))


@functools.lru_cache(maxsize=16)
def _runs(text: str) -> frozenset[str]:
    words = _letters(text)
    return frozenset(words[i : i + _RUN] for i in range(len(words) - _RUN + 1))


def _cover(words: str, runs: frozenset[str]) -> tuple[bytearray, int]:
    """Which characters of ``words`` lie in a run of the notice (1 or 0 each), and how many different runs were met."""
    covered = bytearray(len(words))
    met: set[str] = set()
    for i in range(len(words) - _RUN + 1):
        run = words[i : i + _RUN]
        if run in runs:
            covered[i : i + _RUN] = b"\1" * _RUN
            met.add(run)
    return covered, len(met)
