"""The bank of pictures that everybody shares: official posters, common pictures. No copy rests on one of them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path

from bot.copies.relate import Relater
from bot.copies.wholes import hashes
from bot.errors import UserError
from bot.store import Store
from bot.store.nodes import prints
from bot.store.times import to_us
from detectors.evidence import MediaEvidence, Value
from detectors.nearest import TURN_SLACK, HashIndex


class Banked(Value):
    """One picture of the bank. ``kind``: "common", or "official" for the operators' own."""

    sha256: str
    label: str
    kind: str
    pdqs: tuple[str, ...]


def listed(store: Store) -> list[Banked]:
    """The whole bank, in order of label."""
    found = [Banked(sha256=s, label=name, kind=kind, pdqs=p) for s, name, kind, p in store.media.bank()]
    return sorted(found, key=lambda b: (b.kind, b.label, b.sha256))


def find(store: Store, text: str) -> list[Banked]:
    """The picture with this label, or whose SHA-256 begins so (8 digits at least); else what of a file, or of a post,
    is in the bank: whatever was added can be named as it was then. Raises UserError where nothing or several are
    meant by one label."""
    bank = listed(store)
    found = [b for b in bank if b.label == text] or [b for b in bank if len(text) >= 8 and b.sha256.startswith(text)]
    if len(found) > 1:
        raise UserError(f"{len(found)} pictures {text} in the bank; see 'bank list'")
    if not found:
        shown = _content(text) | {sha for sha, _ in store.intake.attachments(text).values() if sha is not None}
        found = [b for b in bank if b.sha256 in shown]
    if not found:
        raise UserError(f"no picture {text} in the bank; see 'bank list'")
    return found


def _content(path: str) -> set[str]:
    """The SHA-256 of a file, if this names one."""
    if not Path(path).is_file():
        return set()
    with Path(path).open("rb") as file:
        return {hashlib.file_digest(file, "sha256").hexdigest()}


def add(
    store: Store,
    relater: Relater,
    evidence: MediaEvidence,
    label: str,
    kind: str,
    near: int,
    who: str,
    now: dt.datetime,
) -> set[str]:
    """Put a picture in the bank, in the caller's transaction. Returns the posts to be judged again: whoever showed it,
    and whoever was held to have copied them. ``near`` is the campaign's distance of copies. Raises UserError."""
    if evidence.kind != "image":
        raise UserError(f"{label} is a video: the bank holds pictures")
    shown, at = hashes(evidence), to_us(now)
    if not store.media.add_to_bank(evidence.sha256, label, kind, tuple(f.pdq for f in shown), who, at):
        raise UserError(f"{label} is in the bank already ({evidence.sha256[:12]})")
    store.media.save_features(evidence.sha256, evidence.features)
    index, exact = HashIndex(), list[int]()
    for media in store.graph.nodes.contents("media"):
        index.fill(*prints(media))
        exact += [node for node, key, _ in media if key == f"m:{evidence.sha256}"]
    views = [view for f in shown for view in f.orientations]
    nodes = [*exact, *(node for node, _ in index.within(views, near + TURN_SLACK))]
    return _relabel(store, relater, nodes) | relater.bank_changed(evidence.sha256, views)


def remove(store: Store, relater: Relater, banked: Banked, who: str, now: dt.datetime) -> set[str]:
    """Take a picture out of the bank, in the caller's transaction. Returns the posts to be judged again."""
    store.media.remove_from_bank(banked.sha256, who, to_us(now))
    label = f"{banked.kind}:{banked.label}"
    media = store.graph.nodes.contents("media")
    nodes = [node for some in media for node, _, _ in some if store.graph.common(node) == label]
    evidence = store.media.any_evidence(banked.sha256, "")
    known = hashes(evidence) if isinstance(evidence, MediaEvidence) else []
    views = [view for f in known for view in f.orientations] or banked.pdqs
    return _relabel(store, relater, nodes) | relater.bank_changed(banked.sha256, views)


def _relabel(store: Store, relater: Relater, nodes: Sequence[int]) -> set[str]:
    """Let each node be common or not, as the bank has it now."""
    touched: set[str] = set()
    for node in dict.fromkeys(nodes):
        evidence = store.media.any_evidence(store.graph.key(node)[2:], "")
        if isinstance(evidence, MediaEvidence):
            touched |= store.graph.declare_common(node, relater.label(evidence))
    return touched
