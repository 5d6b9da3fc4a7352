"""A proxy between the bot and a server that does to connections what networks do: delay, reset, black hole, half-close.

Each connection draws its fate; once ``healed``, all go through.
"""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Literal, get_args

Fate = Literal["pass", "delay", "reset", "reset in the body", "black hole", "half-close", "cut", "drip"]
FATES: tuple[Fate, ...] = get_args(Fate)
_NO_LINGER = struct.pack("ii", 1, 0)


class Proxy:
    """Forwards connections to a port of loopback. ``met`` counts the fates that were drawn."""

    def __init__(self, target: int, seed: int) -> None:
        self._target, self._draw = target, random.Random(seed)
        self.healed = threading.Event()
        self.met: dict[str, int] = dict.fromkeys(FATES, 0)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])

    def serve(self) -> None:
        """Take connections until closed."""
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            fate: Fate = "pass" if self.healed.is_set() else self._draw.choice(FATES)
            self.met[fate] += 1
            threading.Thread(target=self._handle, args=(client, fate), daemon=True).start()

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _handle(self, client: socket.socket, fate: Fate) -> None:
        with contextlib.suppress(OSError), client:
            client.settimeout(30)
            if fate == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                return
            if fate == "black hole":
                self.healed.wait(10)
                return
            if fate == "delay":
                time.sleep(0.5)
            with socket.create_connection(("127.0.0.1", self._target), timeout=30) as server:
                threading.Thread(target=_copy, args=(client, server), daemon=True).start()
                self._answer(client, server, fate)

    def _answer(self, client: socket.socket, server: socket.socket, fate: Fate) -> None:
        passed = 0
        while data := server.recv(1 << 16):
            if fate == "drip":
                for byte in data[:40]:
                    client.sendall(bytes([byte]))
                    time.sleep(0.1)
                return
            if fate in ("reset in the body", "cut", "half-close"):
                client.sendall(data[:300])
                if fate == "reset in the body":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                elif fate == "half-close":
                    client.shutdown(socket.SHUT_WR)
                    time.sleep(2)
                return
            client.sendall(data)
            passed += len(data)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)


@contextlib.contextmanager
def proxy(target: int, seed: int) -> Iterator[Proxy]:
    """A running proxy."""
    made = Proxy(target, seed)
    threading.Thread(target=made.serve, daemon=True).start()
    try:
        yield made
    finally:
        made.close()
