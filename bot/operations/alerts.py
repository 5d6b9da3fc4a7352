"""When a daemon that runs unattended needs a person, and telling them so once.

The conditions are pure: what is so (``Vitals``) and the settings give the alerts that stand. ``Alerter`` compares them
with those that stood before, and posts to a webhook what is new, what is still so after a while, and what is mended.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import aiohttp
import msgspec
import stamina

from bot.clock import Clock
from bot.log import get_logger
from bot.settings import Alerts as Settings
from bot.settings import Secret
from detectors.evidence import Value

log = get_logger("alerts")

Condition = Literal["queue_age", "silent_feed", "fault_rate", "canary_missed", "disk_full"]
State = Literal["raised", "still", "mended"]

_RECENT: Final = 200
_ENOUGH: Final = 20
_ATTEMPTS: Final = 4
_SECONDS: Final = 10.0


class Vitals(Value):
    """How the daemon is, at one instant.

    ``queue`` posts wait for a person, the oldest since ``queue_since``; ``backlog`` posts wait for the machine.
    ``heard`` tells for each source that is polled when it last answered (since ``started``, None: never).
    ``recent`` posts were judged lately, ``recent_faults`` of them with a fault. ``canary`` is whether the last made-up
    post was flagged, None where none was made. ``deaths`` counts decoder processes that died since the start.
    """

    now: dt.datetime
    started: dt.datetime
    queue: int = 0
    queue_since: dt.datetime | None = None
    backlog: int = 0
    heard: dict[str, dt.datetime | None] = msgspec.field(default_factory=dict)
    recent: int = 0
    recent_faults: int = 0
    canary: bool | None = None
    disk_full: bool = False
    deaths: int = 0


class Alert(Value):
    """One condition that stands, about ``subject`` (a source's name) or about the whole. ``text`` is for people."""

    condition: Condition
    text: str
    subject: str | None = None

    @property
    def key(self) -> tuple[Condition, str | None]:
        """What makes it the same alert, however its numbers change."""
        return self.condition, self.subject


class Recent:
    """Of the last 200 posts judged, how many had a fault."""

    def __init__(self) -> None:
        self._faults: deque[bool] = deque(maxlen=_RECENT)

    def note(self, *, fault: bool) -> None:
        """One more post was judged."""
        self._faults.append(fault)

    @property
    def counts(self) -> tuple[int, int]:
        """Posts, and those with a fault."""
        return len(self._faults), sum(self._faults)


def standing(vitals: Vitals, settings: Settings) -> tuple[Alert, ...]:
    """The alerts that stand. A rate is only believed over at least 20 posts."""
    found: list[Alert] = []
    if vitals.disk_full:
        found.append(Alert(condition="disk_full", text="the disk is full; the feed is paused until there is space"))
    if vitals.canary is False:
        found.append(Alert(condition="canary_missed", text="a made-up post that must be flagged was not"))
    if vitals.queue_since is not None:
        age = (vitals.now - vitals.queue_since).total_seconds()
        if age > settings.queue_age:
            text = f"{vitals.queue} posts wait for a person, the oldest for {_duration(age)}"
            found.append(Alert(condition="queue_age", text=text))
    for source, heard in sorted(vitals.heard.items()):
        silence = (vitals.now - (heard or vitals.started)).total_seconds()
        if silence > settings.silence:
            text = f"the source {source} has not answered for {_duration(silence)}"
            found.append(Alert(condition="silent_feed", subject=source, text=text))
    if vitals.recent >= _ENOUGH and vitals.recent_faults / vitals.recent > settings.fault_rate:
        text = f"{vitals.recent_faults} of the last {vitals.recent} posts ran into a fault of a detector or rule"
        found.append(Alert(condition="fault_rate", text=text))
    return tuple(found)


class Alerter:
    """Tells each alert when it begins, again after ``settings.repeat`` seconds, and when it ends."""

    def __init__(self, settings: Settings, clock: Clock, tell: Callable[[Alert, State], Awaitable[bool]]) -> None:
        """``tell`` passes a message on, and returns whether it arrived; one that did not is told again."""
        self._settings, self._clock, self._tell = settings, clock, tell
        self._told: dict[tuple[Condition, str | None], tuple[Alert, dt.datetime]] = {}

    async def consider(self, vitals: Vitals) -> tuple[Alert, ...]:
        """Tell what is to be told; returns the alerts that stand."""
        alerts = standing(vitals, self._settings)
        for alert in alerts:
            before = self._told.get(alert.key)
            if before is None:
                due: State | None = "raised"
            else:
                due = "still" if (vitals.now - before[1]).total_seconds() >= self._settings.repeat else None
            if due is not None and await self._tell(alert, due):
                self._told[alert.key] = (alert, vitals.now)
        for key in self._told.keys() - {alert.key for alert in alerts}:
            if await self._tell(self._told[key][0], "mended"):
                del self._told[key]
        return alerts

    async def run(self, vitals: Callable[[], Awaitable[Vitals]]) -> None:
        """Consider every ``settings.every`` seconds, until cancelled."""
        while True:
            await self.consider(await vitals())
            await self._clock.sleep(self._settings.every)


class Webhook:
    """Posts alerts as JSON to the operator's URL, with retries; to the log alone where there is none.

    The body holds ``text``, which chat systems show, and ``condition``, ``subject``, ``state`` and ``at`` for programs.
    The URL is the operator's own word: it is not judged like a post's.
    """

    def __init__(self, url: Secret | None, clock: Clock) -> None:
        self._url, self._clock = url, clock

    async def __call__(self, alert: Alert, state: State) -> bool:
        """Tell one alert; whether it arrived."""
        log.warning("alert", condition=alert.condition, subject=alert.subject, state=state, text=alert.text)
        if self._url is None:
            return True
        body = {
            "text": f"gatewarden: {'mended: ' if state == 'mended' else ''}{alert.text}",
            "condition": alert.condition,
            "subject": alert.subject,
            "state": state,
            "at": self._clock.now().isoformat(),
        }
        try:
            async for attempt in stamina.retry_context(on=_OutageError, attempts=_ATTEMPTS, timeout=None):
                with attempt:
                    await self._post(self._url.reveal(), body)
        except (_OutageError, _RefusedError) as error:
            log.error("alert not delivered", condition=alert.condition, reason=str(error))
            return False
        return True

    async def _post(self, url: str, body: dict[str, str | None]) -> None:
        """One try. What it raises does not hold the URL, which may be a secret: retries are logged with their cause."""
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.post(url, json=body, allow_redirects=False) as response,
            ):
                status = response.status
        except (aiohttp.InvalidURL, ValueError):
            raise _RefusedError("no valid URL") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _OutageError(type(error).__name__) from None
        if status == 429 or status >= 500:
            raise _OutageError(f"http {status}")
        if status >= 300:
            raise _RefusedError(f"http {status}")


class _OutageError(Exception):
    """The webhook could not be reached just now."""


class _RefusedError(Exception):
    """The webhook will not take it, however often it is tried."""


def _duration(seconds: float) -> str:
    """A length of time for people.

    >>> _duration(59), _duration(3600), _duration(90000)
    ('59 s', '60 min', '25 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
