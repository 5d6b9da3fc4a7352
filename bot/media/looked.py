"""What is known of a post's media, from what is stored."""

from __future__ import annotations

from bot.model import Looked, MediaRef, Post, Refused, Unavailable
from bot.posts.merge import url_key
from bot.store import Store
from detectors.evidence import Unreadable


def looked(store: Store, version: str, post: Post) -> tuple[tuple[Looked, ...], tuple[Looked, ...]]:
    """One value for each of a post's media, present and former, in their order. ``version`` names the detectors whose
    evidence is preferred; another version's stands in where there is none."""
    known = store.intake.attachments(post.id) if post.media or post.former else {}
    present, former = (
        tuple(_looked(store, version, ref, known.get(url_key(ref))) for ref in refs)
        for refs in (post.media, post.former)
    )
    return present, former


def _looked(store: Store, version: str, ref: MediaRef, attachment: tuple[str | None, str | None] | None) -> Looked:
    sha256, failure = attachment or (None, "unavailable:not_looked_at")
    if sha256 is not None:
        examined = store.media.any_evidence(sha256, version)
        return Looked(ref=ref, result=examined if examined is not None else Unreadable(reason="not_examined"))
    kind, _, reason = (failure or "").partition(":")
    return Looked(ref=ref, result=Refused(reason=reason) if kind == "refused" else Unavailable(reason=reason))
