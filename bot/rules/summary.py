"""What export tells of a post beside its verdict: the brand in its media, and figures that judges may sort by. Pure."""

from __future__ import annotations

import msgspec

from bot import content, notice
from bot.campaign import Campaign
from bot.model import Case
from bot.presence import Presence, presence
from bot.reasons import Detail
from bot.rules.facts import Facts


def brand_summary(case: Case, campaign: Campaign) -> Presence:
    """What the media of a post show of the brand, official pictures included. ``present`` is False only where all media
    of the post were seen."""
    facts = Facts(case, campaign)
    found = presence(facts.evidence.items(), campaign.brand)
    if found.present is False and facts.brand != "absent":
        return msgspec.structs.replace(found, present=None)
    return found


def features(case: Case, campaign: Campaign) -> dict[str, Detail]:
    """Figures of one post. ``story_chars``: letters and digits of its text that are neither hashtag, URL nor quoted
    from the notice. ``brand_score`` and ``megapixels`` are of the best and of the largest media item, None where none
    was seen."""
    facts, post = Facts(case, campaign), case.post
    sizes = [seen.width * seen.height for seen in facts.evidence.values()]
    return {
        "story_chars": notice.own_letters(content.story(post.text), campaign),
        "title_chars": len(post.title),
        "hashtag": facts.hashtag.kind,
        "media_count": len(post.media),
        "image_count": sum(ref.type == "image" for ref in post.media),
        "video_count": sum(ref.type == "video" for ref in post.media),
        "brand_score": facts.best(*facts.evidence).score if facts.evidence else None,
        "megapixels": round(max(sizes) / 1e6, 3) if sizes else None,
    }
