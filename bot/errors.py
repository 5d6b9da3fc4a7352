"""The three kinds of failure, and no others.

1. Bad content is a value (``detectors.evidence.Unreadable``, ``model.Refused``): never raised.
2. The world failing is ``Transient``: retried with back-off and a bound, then parked where people see it.
3. Anything else is a bug: it becomes a ``detector.fault`` finding, so the post goes to a person.

``UserError`` is for people at the command line: one line that says what is wrong and what to do next.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

FULL_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Numbers of the system's errors that say: no room. It passes when somebody makes some."""


class UserError(Exception):
    """Something the person at the keyboard can mend. Exit status 1 (could not be done).

    Either a whole message, or a template with its fields, which ``said`` can tell in another language.
    """

    exit_status = 1

    def __init__(self, message: str = "", **fields: object) -> None:
        super().__init__(message.format(**fields) if fields else message)
        self._template, self._fields = message, fields

    def said(self, say: Callable[[str], str]) -> str:
        """The message as a translator says it; in English where it was raised without a template."""
        words = say(self._template)
        return words.format(**self._fields) if self._fields else words


class ConfigError(UserError):
    """A wrong setting, campaign file or argument: names file, line and key. Exit status 2."""

    exit_status = 2


class Transient(Exception):
    """The world failed; trying again later may help. ``retry_after`` is in seconds, None when unknown."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
