"""The real daemon as a drill sees it: a process on loopback that is pushed posts to, and killed, stopped or starved."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECRET = "drill"
PYTHON = (sys.executable, "-m", "bot")
_PATIENCE = 600.0  # seconds for a start, on a machine that is busy with much else


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Our own environment without settings of ours, and ``more``."""
    return {k: v for k, v in os.environ.items() if not k.startswith("GATEWARDEN_")} | dict(more)


class Daemon:
    """``gatewarden run`` with the push source, over one data directory; started again as often as wanted."""

    def __init__(
        self,
        data: Path,
        *,
        before: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        """``before``: words in front of the command; ``settings``: ``SECTION__KEY`` to value; ``log``: the file that
        standard error goes to, else one beside the data."""
        self.data, self._before = data, tuple(before)
        self.log = log or data.with_suffix(".log")
        self.port, self.health_port = free_port(), free_port()
        self._settings = {
            "SOURCES__ENABLED": "push",
            "PUSH__PORT": str(self.port),
            "PUSH__SECRET": SECRET,
            "METRICS__PORT": str(self.health_port),
            "CANARY__ENABLED": "false",  # it would only cost a decoder's start at each of a thousand starts
            "LOG__LEVEL": "warning",
            **(settings or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        assert self.process is not None
        return self.process.pid

    @property
    def errors(self) -> str:
        """What it wrote to standard error."""
        return self.log.read_text(errors="replace")

    def start(self) -> float:
        """Start it and wait until it takes posts; the seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._before, *PYTHON, "run", "--data", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=ROOT,
                env=environment({f"GATEWARDEN_{name}": value for name, value in self._settings.items()}),
            )
        while self.push([]) is None:
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon ended by itself: {self.errors[-2000:]}")
            if time.monotonic() - began > _PATIENCE:
                self.kill()
                raise AssertionError(f"the daemon takes no posts: {self.errors[-2000:]}")
            time.sleep(0.01)
        return time.monotonic() - began

    def processor_seconds(self) -> float:
        """What it has used so far, all threads included: unlike a clock's, the same on a busy machine."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def push(self, posts: Sequence[Mapping[str, object]], delivery: str = "", seconds: float = 60.0) -> int | None:
        """Push posts: the status of the answer, None where there was none."""
        body = json.dumps(posts).encode()
        stamp, delivery = str(int(time.time())), delivery or secrets.token_hex(8)
        signed = hmac.new(SECRET.encode(), f"{stamp}.{delivery}.".encode() + body, hashlib.sha256).hexdigest()
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            link.request(
                "POST",
                "/v1/posts",
                body,
                {
                    "X-Gatewarden-Timestamp": stamp,
                    "X-Gatewarden-Delivery": delivery,
                    "X-Gatewarden-Signature": f"sha256={signed}",
                },
            )
            return link.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            link.close()

    def send(self, number: signal.Signals) -> None:
        """A signal to the process."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        self.send(signal.SIGKILL)
        assert self.process is not None
        self.process.wait()

    def stop(self) -> None:
        """Stop it in order; it must end well."""
        assert self.process is not None
        self.send(signal.SIGTERM)
        assert self.process.wait(timeout=120) == 0, self.errors[-2000:]
