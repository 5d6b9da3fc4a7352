"""Metrics and health over real HTTP on loopback."""

from __future__ import annotations

import datetime as dt

import aiohttp
import pytest

from bot.errors import UserError
from bot.model import Finding, Verdict
from bot.operations.alerts import Vitals
from bot.operations.metrics import Metrics, application, serving
from bot.settings import Alerts
from bot.settings import Metrics as Settings

START = dt.datetime(2025, 7, 20, 12, tzinfo=dt.UTC)


def verdict(*codes: str) -> Verdict:
    findings = tuple(Finding(code=code, stance="ask") for code in codes)
    return Verdict(post_id="1", revision=1, status="review", findings=findings, campaign="c", campaign_version="v")


class State:
    """The vitals that are told when asked."""

    def __init__(self) -> None:
        self.vitals = Vitals(now=START, started=START)

    async def __call__(self) -> Vitals:
        return self.vitals


async def read(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def test_numbers_and_health() -> None:
    """What was counted and what is asked for stand on the page; health turns with the conditions, not with a queue."""
    metrics, state = Metrics(), State()
    metrics.judged([verdict(), verdict("detector.fault"), verdict("brand.unsure")])
    with metrics.stage("fetch"):
        pass
    async with serving(Settings(port=0), application(metrics, state, Alerts())) as port:
        assert await read(f"http://127.0.0.1:{port}/healthz") == (200, '{"status": "well", "alerts": []}')
        state.vitals = Vitals(
            now=START + dt.timedelta(days=1), started=START, queue=7, queue_since=START, backlog=3, deaths=2
        )
        status, text = await read(f"http://127.0.0.1:{port}/healthz")
        assert (status, "7 posts wait" in text) == (200, True)
        state.vitals = Vitals(now=START + dt.timedelta(days=1), started=START, queue=7, queue_since=START, backlog=3,
                              deaths=2, heard={"gate_square": None})  # fmt: skip
        status, text = await read(f"http://127.0.0.1:{port}/healthz")
        assert (status, "gate_square has not answered for 24 h" in text) == (503, True)
        _, page = await read(f"http://127.0.0.1:{port}/metrics")
    for line in (
        'gatewarden_verdicts_total{status="review"} 3.0',
        "gatewarden_fault_verdicts_total 1.0",
        'gatewarden_stage_seconds_count{stage="fetch"} 1.0',
        "gatewarden_queue_posts 7.0",
        "gatewarden_queue_age_seconds 86400.0",
        "gatewarden_backlog_posts 3.0",
        "gatewarden_decoder_deaths 2.0",
        'gatewarden_source_silence_seconds{source="gate_square"} 86400.0',
    ):
        assert line in page.splitlines()


async def test_a_port_in_use_is_told_in_one_line() -> None:
    """Two daemons on one port: the second says so and what to change."""
    app = application(Metrics(), State(), Alerts())
    async with serving(Settings(port=0), app) as port:
        with pytest.raises(UserError, match=f"cannot listen on 127.0.0.1:{port}"):
            async with serving(Settings(port=port), application(Metrics(), State(), Alerts())):
                pass
