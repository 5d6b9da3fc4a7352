"""What was seen in each picture of a benchmark, kept in a file so that it is computed once."""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.copies_hashes import Hashes
from detectors import features, fingerprint, panels
from detectors.evidence import Colour, MediaEvidence

Pixels = npt.NDArray[np.uint8]

_LENGTH = struct.Struct("<I")


class Seen(msgspec.Struct, frozen=True):
    """One picture: evidence without marks, the other methods' hashes, and what the bot's own cost, in milliseconds."""

    name: str
    evidence: MediaEvidence
    hashes: dict[str, bytes]
    milliseconds: dict[str, float]


def stored(path: Path) -> Iterator[Seen]:
    """All that a file holds; a half-written end, of a run that was killed, is left out."""
    return (seen for seen, _ in _records(path))


def _records(path: Path) -> Iterator[tuple[Seen, int]]:
    """Each picture, and the byte at which it ends."""
    decode = msgspec.msgpack.Decoder(Seen).decode
    data, end = path.read_bytes() if path.exists() else b"", 0
    while end + _LENGTH.size <= len(data):
        start = end + _LENGTH.size
        end = start + _LENGTH.unpack_from(data, end)[0]
        if end <= len(data):
            yield decode(data[start:end]), end


class SeenFile:
    """Appends what is new."""

    def __init__(self, work: Path, run: str, hashes: Hashes) -> None:
        self._path = work / f"{run}-{fingerprint.VERSION}-{features.VERSION}.seen"
        self._hashes = hashes
        self._known: dict[str, Seen] = {}
        end = 0
        for one, end in _records(self._path):  # noqa: B007  # where the last whole one ends
            self._known[one.name] = one
        self._file = self._path.open("ab")
        self._file.truncate(end)

    def close(self) -> None:
        """Nothing more comes."""
        self._file.close()

    def of(self, name: str, pixels: Callable[[], Pixels]) -> Seen:
        """What was seen in this picture, now or before."""
        found = self._known.get(name)
        if found is None or any(method not in found.hashes for method in self._hashes.methods):
            found = self._known[name] = self._look(name, pixels())
            body = msgspec.msgpack.encode(found)
            self._file.write(_LENGTH.pack(len(body)) + body)
            self._file.flush()
        return found

    def _look(self, name: str, rgb: Pixels) -> Seen:
        gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        start = time.thread_time()
        seen = fingerprint.fingerprint(gray)
        hashed = time.thread_time()
        packed = features.features(gray)
        done = time.thread_time()
        boxed = panels.panels(gray)
        finished = time.thread_time()
        evidence = MediaEvidence(
            sha256=hashlib.sha256(rgb.tobytes()).hexdigest(), kind="image", format="png", width=rgb.shape[1],
            height=rgb.shape[0], duration=None, marks=(), colour=Colour(score=0.0, shares={}, adjacency=0.0),
            resemblances=(), fingerprints=(seen,), codes=(), features=packed, panels=boxed,
        )  # fmt: skip
        costs = {
            "hashes": (hashed - start) * 1000,
            "local features": (done - hashed) * 1000,
            "panels": (finished - done) * 1000,
        }
        return Seen(name, evidence, self._hashes.of(rgb, seen), costs)
