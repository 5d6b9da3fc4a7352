"""What a decoder process says to the one that started it: JSON, checked by type on arrival, never pickle.

A decoder may have been taken over by what it decoded. Unpickling its answer would run its code in the daemon; parsing
JSON into these values cannot.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

from detectors.evidence import Examined, Value

LENGTH: Final = struct.Struct(">I")
"""Precedes every answer: its length in bytes."""

GRANT: Final = struct.Struct(">d")
"""A question: seconds of processor time. The open file comes with it."""

MAX_ANSWER: Final = 16 * 2**20


class Start(Value):
    """What a decoder process is told when it starts. ``examiner`` is ``module:function``; the function takes ``kit``
    and returns an ``Examine``. ``path`` is the module search path, ``memory`` bytes, ``parent`` our process id."""

    examiner: str
    kit: str
    memory: int
    sandbox: bool
    path: tuple[str, ...]
    parent: int


class Ready(Value, tag="ready"):
    """The process is up, with these layers of the sandbox in force."""

    layers: tuple[str, ...]


class Done(Value, tag="done"):
    """The answer to one question. ``logged``: what the detectors logged meanwhile, tracebacks included. ``last``: the
    process ends after it, because its memory ran out."""

    examined: Examined
    logged: tuple[str, ...] = ()
    last: bool = False


class Fault(Value, tag="fault"):
    """A bug: a detector raised, or could not be loaded."""

    trace: str


class Unconfined(Value, tag="unconfined"):
    """No sandbox could be had, so the process will decode nothing."""

    reason: str


Answer = Ready | Done | Fault | Unconfined


def decode(data: bytes | bytearray) -> Answer:
    """Parse an answer. Raises msgspec.DecodeError."""
    answer: Answer = _decoder.decode(data)
    return answer


_decoder: Final = msgspec.json.Decoder(Answer)
