"""Debian's Chromium over the DevTools protocol: a real browser with real keys, without any further dependency."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from typing import Any, Self

import aiohttp

BINARY = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "Chromium is not installed (Debian: apt install chromium)"

_LISTENING = re.compile(r"DevTools listening on (ws://\S+)")
_NAMED = {"space": (" ", "Space", 32), "Enter": ("Enter", "Enter", 13), "Tab": ("Tab", "Tab", 9),
          "Escape": ("Escape", "Escape", 27), "ArrowRight": ("ArrowRight", "ArrowRight", 39),
          "ArrowLeft": ("ArrowLeft", "ArrowLeft", 37), "ArrowDown": ("ArrowDown", "ArrowDown", 40)}  # fmt: skip


class Page:
    """One tab. ``problems`` holds what the console and the content security policy complained of."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._session: str | None = None
        self._loaded = asyncio.Event()
        self.problems: list[str] = []
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def opened(cls, socket: aiohttp.ClientWebSocketResponse) -> Self:
        """A fresh tab."""
        page = cls(socket)
        target = (await page.send("Target.createTarget", url="about:blank"))["targetId"]
        attached = await page.send("Target.attachToTarget", targetId=target, flatten=True)
        page._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await page.send(f"{domain}.enable")
        return page

    async def send(self, method: str, **parameters: Any) -> Any:
        """One command; its result. Raises AssertionError with the browser's words."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        await self._socket.send_json(message)
        return await asyncio.wait_for(answer, 60)

    async def _read(self) -> None:
        async for message in self._socket:
            told = message.json()
            answer = self._answers.pop(told.get("id", 0), None)
            if answer is not None and not answer.done():
                if "error" in told:
                    answer.set_exception(AssertionError(str(told["error"])))
                else:
                    answer.set_result(told["result"])
            self._event(told.get("method"), told.get("params", {}))

    def _event(self, method: str | None, told: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded.set()
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.problems.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Runtime.exceptionThrown":
            self.problems.append(str(told["exceptionDetails"].get("exception", told)))

    async def goto(self, address: str) -> None:
        """Go there and wait until all is loaded."""
        self._loaded.clear()
        await self.send("Page.navigate", url=address)
        await asyncio.wait_for(self._loaded.wait(), 60)

    async def value(self, expression: str) -> Any:
        """What a JavaScript expression gives, awaited."""
        told = await self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def until(self, expression: str, seconds: float = 30.0) -> Any:
        """Wait until an expression is true; its value."""
        async with asyncio.timeout(seconds):
            while not (found := await self.value(expression)):  # noqa: ASYNC110 - the browser has no event for it
                await asyncio.sleep(0.02)
        return found

    async def press(self, key: str, *, modifiers: int = 0) -> None:
        """One key, down and up, as the keyboard sends it. ``modifiers``: 2 is Ctrl, 8 is Shift."""
        name, code, number = _NAMED.get(key, (key, f"Key{key.upper()}" if key.isalpha() else "", ord(key.upper()[0])))
        text = {"text": "\r" if key == "Enter" else name} if len(name) == 1 or key == "Enter" else {}
        common = {"key": name, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers}
        await self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **text)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    async def write(self, text: str) -> None:
        """Type a text, key by key."""
        for character in text:
            await self.press("space" if character == " " else character)

    async def window(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """The window's size, the system's colours, and whether it is a phone."""
        await self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                        deviceScaleFactor=2 if phone else 1, mobile=phone)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self) -> bytes:
        """What is drawn, as a PNG file."""
        return base64.b64decode((await self.send("Page.captureScreenshot", format="png"))["data"])

    async def close(self) -> None:
        """Let go of the socket."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Page]:
    """A headless browser with one tab, ended with the block."""
    assert BINARY is not None, MISSING
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as home:
        process = await asyncio.create_subprocess_exec(
            BINARY, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
            "--hide-scrollbars", "--lang=en", "--remote-debugging-port=0", f"--user-data-dir={home}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, start_new_session=True,
            env={**os.environ, "HOME": home},
        )  # fmt: skip
        try:
            assert process.stderr is not None
            async with asyncio.timeout(60):
                while (found := _LISTENING.search((await process.stderr.readline()).decode())) is None:
                    assert process.returncode is None, "Chromium ended"
            drained = asyncio.create_task(process.stderr.read())
            async with aiohttp.ClientSession() as client, client.ws_connect(found[1], max_msg_size=0) as socket:
                page = await Page.opened(socket)
                try:
                    yield page
                finally:
                    await page.close()
            drained.cancel()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
