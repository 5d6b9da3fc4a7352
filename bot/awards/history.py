"""Events of judging, shares and winners in words, for the history of a post. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def told(event: Mapping[str, Any], say: Callable[[str], str]) -> str | None:
    """One event in the language of ``say``; None where it is of another kind."""
    _ = say
    match event["event"]:
        case "judge.marked":
            marks = ", ".join(f"{say(name)} {mark}" for name, mark in event["marks"].items())
            return _("judge {judge} scored revision {revision}: {marks}").format(**{**event, "marks": marks})
        case "judge.recused":
            return _("judge {judge} stood back").format(**event)
        case "share.settled":
            return _("{who}: its share on X counts").format(**event)
        case "share.dropped":
            return _("{who}: its share on X does not count").format(**event)
        case "person.confirmed":
            return _("{who} confirmed who is behind it").format(**event)
        case "winner.disqualified":
            return _("{who} disqualified it ({reason})").format(**event)
        case "winner.reinstated":
            return _("{who} took the disqualification back").format(**event)
        case "winner.rechecked":
            return _("{who} saw it still public ({how})").format(**event)
        case "post.forgotten":
            return _("what it said was erased")
        case _kind:
            return None
