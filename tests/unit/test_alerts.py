"""Alerts: which conditions stand, and that each is told when it begins, as a reminder, and when it ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest
import stamina
from aiohttp import web

from bot.clock import SystemClock
from bot.operations.alerts import Alert, Alerter, Recent, State, Vitals, Webhook, standing
from bot.settings import Alerts, Secret

START = dt.datetime(2025, 7, 20, 12, tzinfo=dt.UTC)
SETTINGS = Alerts(queue_age=3600, silence=600, fault_rate=0.1, repeat=7200)


def after(minutes: float, **facts: object) -> Vitals:
    """The vitals so many minutes after the start."""
    return Vitals(now=START + dt.timedelta(minutes=minutes), started=START, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("vitals", "conditions"),
    [
        (after(0), []),
        (after(1000, heard={}), []),
        (after(60, queue=3, queue_since=START), []),
        (after(61, queue=3, queue_since=START), ["queue_age"]),
        (after(9, heard={"gate_square": None}), []),
        (after(11, heard={"gate_square": None}), ["silent_feed"]),
        (after(60, heard={"gate_square": START + dt.timedelta(minutes=55)}), []),
        (after(60, heard={"a": START, "b": START, "c": START + dt.timedelta(minutes=59)}), ["silent_feed"] * 2),
        (after(1, recent=19, recent_faults=19), []),
        (after(1, recent=20, recent_faults=2), []),
        (after(1, recent=20, recent_faults=3), ["fault_rate"]),
        (after(1, canary=True), []),
        (after(1, canary=False), ["canary_missed"]),
        (after(1, disk_full=True), ["disk_full"]),
    ],
)
def test_conditions(vitals: Vitals, conditions: list[str]) -> None:
    """Each condition stands beyond its own bound and not at it, and each has one line of text."""
    alerts = standing(vitals, SETTINGS)
    assert [alert.condition for alert in alerts] == conditions
    assert all(alert.text and "\n" not in alert.text for alert in alerts)


def test_recent_forgets() -> None:
    """The rate is over the last 200 posts only."""
    recent = Recent()
    for number in range(500):
        recent.note(fault=number < 350)
    assert recent.counts == (200, 50)


class Ears:
    """Hears what is told, or is deaf."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, State]] = []
        self.deaf = False

    async def __call__(self, alert: Alert, state: State) -> bool:
        if not self.deaf:
            self.heard.append((alert.condition, state))
        return not self.deaf


async def test_told_once_then_reminded_then_mended() -> None:
    """While a condition stands it is told once, reminded of after a while, and its end is told."""
    ears = Ears()
    alerter = Alerter(SETTINGS, SystemClock(), ears)
    for minutes in (0, 1, 119, 120, 130):
        await alerter.consider(after(minutes, disk_full=True))
    assert ears.heard == [("disk_full", "raised"), ("disk_full", "still")]
    for minutes in (131, 132):
        await alerter.consider(after(minutes))
    assert ears.heard[2:] == [("disk_full", "mended")]


async def test_what_did_not_arrive_is_told_again() -> None:
    """A webhook that was down when the alert began, or ended, still hears of it."""
    ears = Ears()
    alerter = Alerter(SETTINGS, SystemClock(), ears)
    for deaf, full in ((True, True), (False, True), (True, False), (False, False), (False, False)):
        ears.deaf = deaf
        await alerter.consider(after(1, disk_full=full))
    assert ears.heard == [("disk_full", "raised"), ("disk_full", "mended")]


async def test_two_silent_sources_are_two_alerts() -> None:
    """One source that answers again does not end the other's alert."""
    ears = Ears()
    alerter = Alerter(SETTINGS, SystemClock(), ears)
    await alerter.consider(after(60, heard={"a": START, "b": START}))
    await alerter.consider(after(61, heard={"a": START, "b": START + dt.timedelta(minutes=60)}))
    assert ears.heard == [("silent_feed", "raised")] * 2 + [("silent_feed", "mended")]


class Hook:
    """A webhook on loopback that answers with the statuses it is given, then 200."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.bodies: list[dict[str, object]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook, app = Hook(), web.Application()
    app.router.add_post("/hook/secret", hook.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook/secret"
    with stamina.set_testing(True, attempts=4):
        yield hook
    await runner.cleanup()


ALERT = Alert(condition="silent_feed", subject="gate_square", text="the source is silent")


async def test_webhook_retries_outages(hook: Hook) -> None:
    """Outages are tried again; the body has words for people and facts for programs."""
    hook.statuses = [500, 429, 503]
    assert await Webhook(Secret(hook.url), SystemClock())(ALERT, "mended")
    assert len(hook.bodies) == 4
    body = hook.bodies[-1]
    assert dt.datetime.fromisoformat(str(body.pop("at"))).tzinfo is not None
    assert body == {
        "text": "gatewarden: mended: the source is silent",
        "condition": "silent_feed",
        "subject": "gate_square",
        "state": "mended",
    }


@pytest.mark.parametrize(("statuses", "calls"), [([500] * 9, 4), ([404] * 9, 1), ([302] * 9, 1)])
async def test_webhook_gives_up(
    hook: Hook, statuses: list[int], calls: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """After its tries, or at once where it was refused, it says no; the log does not show the URL."""
    hook.statuses = statuses
    assert not await Webhook(Secret(hook.url), SystemClock())(ALERT, "raised")
    assert len(hook.bodies) == calls
    logged = capsys.readouterr().err
    assert "alert not delivered" in logged
    assert "secret" not in logged


async def test_without_a_webhook_the_log_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    """With no webhook an alert is a line in the log, and counts as told."""
    assert await Webhook(None, SystemClock())(ALERT, "raised")
    assert "the source is silent" in capsys.readouterr().err


async def test_webhook_that_does_not_exist() -> None:
    """Nobody listening, and no URL at all, are failures to deliver and nothing worse."""
    with stamina.set_testing(True, attempts=2):
        assert not await Webhook(Secret("http://127.0.0.1:9/"), SystemClock())(ALERT, "raised")
        assert not await Webhook(Secret("not a url"), SystemClock())(ALERT, "raised")
