"""What was decided, told to whoever decided it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.cli.output import _, emit, say
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.model import Decision
    from bot.store import Store


def print_decisions(
    store: Store, decisions: Sequence[Decision], *, as_json: bool, undone: Decision | None = None
) -> None:
    """What was decided, and how each post stands now."""
    for decision in decisions:
        record = store.verdicts.get(decision.post_id)
        status = None if record is None else record.status
        if as_json:
            emit({
                "id": decision.id, "post_id": decision.post_id, "revision": decision.revision,
                "action": decision.action, "code": decision.code, "note": decision.note, "who": decision.who,
                "at": decision.at.isoformat(), "undoes": decision.undoes, "status": status,
            })  # fmt: skip
        else:
            words = _("{action} by {who}: {status}") if undone is None else _("undo of {action} by {who}: {status}")
            of = decision if undone is None else undone
            told = words.format(action=of.action, who=decision.who, status=status)
            say(one_line(f"{decision.post_id}@{decision.revision}  {told}"))
