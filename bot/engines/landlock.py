"""Landlock: this process gives up all files but a few (Linux 5.13 and later, no root needed).

Called through ctypes, since no binding comes with Python; numbers and structures are of the kernel's
``linux/landlock.h``, and the same on every architecture.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_GET_VERSION: Final = 1
_PATH_BENEATH: Final = 1

_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
# How many kinds of file access each version knows, the first version at index 0: later ones keep the last.
_KINDS: Final = (13, 14, 15, 15, 16)


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def version() -> int:
    """The kernel's version of Landlock, 0 where it has none."""
    return max(0, _call(_CREATE_RULESET, None, 0, _GET_VERSION))


def restrict(readable: Iterable[Path]) -> bool:
    """Give this thread, and all threads it will start, nothing but reading below ``readable``; missing paths are
    passed over. Files that are open stay open. Whether it was done: False where the kernel has no Landlock.

    ``no_new_privs`` must be set. Raises OSError where the kernel has it and refuses.
    """
    found = version()
    if found < 1:
        return False
    handled = (1 << _KINDS[min(found, len(_KINDS)) - 1]) - 1
    attributes = _Ruleset(handled)
    ruleset = _checked(_call(_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0))
    try:
        for path in readable:
            with contextlib.suppress(FileNotFoundError):
                _allow(ruleset, path)
        _checked(_call(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, path: Path) -> None:
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(_READ_FILE | (_READ_DIR if path.is_dir() else 0), folder)
        _checked(_call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(folder)


def _call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *arguments))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock: {os.strerror(code)}")
    return result
