"""Those who decide beside a daemon, each through a real process that can be killed: at the command line, on the page,
in the terminal. Each notes what it was told was done, and how often it asked for something."""

from __future__ import annotations

import abc
import contextlib
import http.client
import json
import os
import pty
import random
import re
import select
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from bot.store import Store
from tests.faults.daemon import PYTHON, ROOT, environment

_COMMANDS = "import sys; from bot.cli.app import run\nprint(flush=True)\nfor line in sys.stdin: run(line.split())"
_REASON = "content.offtopic"
_DONE = re.compile(r"✓ (approved|rejected): (k\d+)|↶ taken (back): \w+ (k\d+)")
_ACTIONS = {"approved": "approve", "rejected": "reject", "back": "undo"}
_PATIENCE = 2.0  # seconds for a key to be answered
_DRAWN = 0.3  # seconds for the next post to be drawn: a key before that decides nothing

Told = Counter[tuple[str, str]]
"""How often (post, action) was told to be done."""


class Person(abc.ABC):
    """``start``, then ``work`` in a thread of its own, then ``kill`` or ``end``. ``untold`` counts what was asked for
    without an answer: it may be done or not."""

    who = ""

    def __init__(self, data: Path) -> None:
        self.data, self.told, self.untold = data, Told(), 0
        self.random = random.Random(self.who)
        self.stop = threading.Event()
        self._process: subprocess.Popen[Any]

    @abc.abstractmethod
    def start(self) -> None:
        """Start the process, and wait until it can be worked with."""

    @abc.abstractmethod
    def work(self) -> None:
        """Decide, one after the other, until told to stop or the process is gone."""

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()
        self.untold += 1
        self.stop.set()

    def end(self) -> None:
        """End the process in order; it must end well."""
        self.stop.set()
        self.ask_to_end()
        assert self._process.wait(timeout=120) == 0

    @abc.abstractmethod
    def ask_to_end(self) -> None:
        """As each does."""

    def kept(self, store: Store) -> Told:
        """What the store has of theirs."""
        rows = store.connection.rows("SELECT post_id, action FROM decisions WHERE who = ?", (self.who,))
        return Told((str(post_id), str(action)) for post_id, action in rows)

    def lost(self, store: Store) -> int:
        """How many decisions were told and are not there."""
        return (self.told - self.kept(store)).total()

    def doubled(self, store: Store) -> int:
        """How many are there that nobody asked for."""
        return max(0, (self.kept(store) - self.told).total() - self.untold)


class AtTheCommandLine(Person):
    """The commands ``approve``, ``reject`` and ``undo``, one after the other as fast as they are carried out."""

    who = "mod"

    def start(self) -> None:
        """As ``Person``."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", _COMMANDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, cwd=ROOT, env=environment({"GATEWARDEN_DATA": str(self.data)}), text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def work(self) -> None:
        """As ``Person``."""
        hearing = threading.Thread(target=self._hear)
        hearing.start()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as commands:
            while not self.stop.is_set():
                post = f"k{self.random.randrange(300)}"
                command = self.random.choice(
                    [f"approve {post}", f"reject {post} --reason {_REASON}", f"approve {post}", "undo"]
                )
                commands.write(f"{command} --as {self.who} --json\n")
                commands.flush()
                self.stop.wait(0.03)
        hearing.join()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if line.endswith("\n"):
                    done = json.loads(line)
                    self.told[done["post_id"], done["action"]] += 1

    def ask_to_end(self) -> None:
        """As ``Person``: when no more commands come, it ends."""


class OnThePage(Person):
    """``serve``, and a browser without a screen that posts what the page's script would. 200 tells what was done."""

    who = "pia"

    def start(self) -> None:
        """As ``Person``."""
        words = [*PYTHON, "serve", "--port", "0", "--as", self.who, "--data", str(self.data)]
        self._process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, env=environment({}), text=True
        )
        assert self._process.stdout is not None
        with self._process.stdout as said:
            address = said.readline().strip()
        self._base = address.partition("/login")[0]
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        with self._browser.open(address, timeout=60) as page:
            self._csrf = page.read().decode().partition('data-csrf="')[2].partition('"')[0]
        self._claims: list[tuple[str, int]] = []

    def work(self) -> None:
        """As ``Person``."""
        while not self.stop.is_set():
            act = self._act()
            try:
                answer = self._step(act)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                return  # it was killed
            for result in answer["results"]:
                if result["wrong"] is None:
                    for post_id in result["restored"] or [result["post_id"]]:
                        self.told[post_id, result["action"]] += 1
            self._claims += [(item["post_id"], item["token"]) for item in answer["items"]]
            if not self._claims:
                self.stop.wait(0.05)

    def _act(self) -> dict[str, Any] | None:
        if self.told and self.random.random() < 0.4:
            return {"action": "undo"}
        if not self._claims:
            return None
        post_id, token = self._claims.pop(0)
        action = self.random.choice(["approve", "reject"])
        code = _REASON if action == "reject" else None
        return {"action": action, "post_id": post_id, "token": token, "code": code}

    def _step(self, act: dict[str, Any] | None) -> Any:
        body = {
            "acts": [act] if act else [],
            "want": max(0, 3 - len(self._claims)),
            "have": [p for p, _ in self._claims],
        }
        request = urllib.request.Request(
            f"{self._base}/api/step",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "X-CSRF-Token": self._csrf},
        )
        with self._browser.open(request, timeout=60) as answer:
            return json.load(answer)

    def ask_to_end(self) -> None:
        """As ``Person``."""
        self._process.terminate()


class InTheTerminal(Person):
    """``review`` in a terminal of ours, which answers where its cursor is. The screen tells what was done."""

    who = "tom"

    def start(self) -> None:
        """As ``Person``."""
        self._terminal, theirs = pty.openpty()
        words = [*PYTHON, "review", "--as", self.who, "--lang", "en", "--data", str(self.data)]
        size = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
        self._process = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment(size), start_new_session=True
        )
        os.close(theirs)
        self._written = ""
        until = time.monotonic() + 120
        while not re.search(r"k\d+@|nothing waits", self._written):  # others may have decided or hold what there is
            assert time.monotonic() < until, self._written[-2000:]
            self._read()

    def _read(self) -> bool:
        """Take in what is written, answer what is asked; False where there is nobody any more."""
        if not select.select([self._terminal], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(self._terminal, 1 << 16)
            for asked, answer in ((b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62c")):
                os.write(self._terminal, answer * data.count(asked))
        except OSError:
            return False
        self._written = (self._written + data.decode(errors="replace"))[-20_000:]
        return bool(data)

    def work(self) -> None:
        """As ``Person``."""
        there, last = True, None
        while there and not self.stop.is_set():
            self._written, done = "", None
            with contextlib.suppress(OSError):
                os.write(self._terminal, self.random.choice("aa4u" if self.told else "a4").encode())
            until = time.monotonic() + _PATIENCE
            while there and done is None and time.monotonic() < until:
                there = self._read()
                done = _DONE.search(self._written)
            if done is None or done[0] == last:  # what was said before, drawn again
                self.untold += 1
            else:
                last = done[0]
                self.told[done[2] or done[4], _ACTIONS[done[1] or done[3]]] += 1
            until = time.monotonic() + _DRAWN
            while there and time.monotonic() < until:
                there = self._read()
        while there:  # a terminal is there until the end
            there = self._read()
        os.close(self._terminal)

    def ask_to_end(self) -> None:
        """As ``Person``."""
        os.write(self._terminal, b"q")
