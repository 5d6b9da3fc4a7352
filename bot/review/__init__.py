"""People decide: what a moderator may do with a post, who holds it meanwhile, and how it is taken back.

Start in ``desk.py``: the web page, the terminal and the command line all work on a ``Desk``.
"""

from __future__ import annotations

from bot.review.decisions import (
    ACCEPTED,
    MOST_NOTE,
    Target,
    approve,
    find,
    leave_note,
    reject,
    reject_codes,
    reopen,
    undo,
)

__all__ = [
    "ACCEPTED",
    "MOST_NOTE",
    "Target",
    "approve",
    "find",
    "leave_note",
    "reject",
    "reject_codes",
    "reopen",
    "undo",
]
