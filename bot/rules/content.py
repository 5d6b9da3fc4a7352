"""Rules on what an entry leads to, and on our own faults."""

from __future__ import annotations

from collections.abc import Iterator

from bot.admission import content
from bot.rules.facts import Facts
from bot.rules.rule import Hit

_LONGEST = 200  # characters of a code's text that are kept in a finding


def content_contact(facts: Facts) -> Iterator[Hit]:
    """The text or title gives a contact outside the square: Telegram, WeChat, QQ, WhatsApp, LINE, phone, e-mail."""
    if facts.hashtag.kind != "none":
        for contact in content.contacts(_text(facts)):
            yield Hit(detail={"kind": contact.kind, "handle": contact.handle})


def content_link(facts: Facts) -> Iterator[Hit]:
    """The text or title links to a host that is not on the campaign's list."""
    if facts.hashtag.kind != "none":
        for host in content.foreign_hosts(_text(facts), facts.campaign.content.hosts):
            yield Hit(detail={"host": host})


def content_code(facts: Facts) -> Iterator[Hit]:
    """A picture or video of one's own carries a QR code. Codes on official pictures are the operators'."""
    if facts.admitted:
        for i, seen in facts.evidence.items():
            if i not in facts.official:
                for text in dict.fromkeys(code.text for code in seen.codes):
                    yield Hit(media=i, detail={"text": text[:_LONGEST]})


def detector_fault(facts: Facts) -> Iterator[Hit]:
    """A part of this software failed on the post: a person looks, so that a bug never decides."""
    for name in facts.case.faults:
        yield Hit(detail={"fault": name})
    for i, seen in facts.evidence.items():
        for name in seen.faults:
            yield Hit(media=i, detail={"fault": name})


def _text(facts: Facts) -> str:
    return f"{facts.post.title}\n{facts.post.text}"
