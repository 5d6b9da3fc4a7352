"""Numbers for Prometheus and a health check, over HTTP on loopback.

Counters are told as things happen; what can be asked for (queue, backlog, silence) is asked for when it is read.
Labels come from our own words alone, never from a post: their number is bounded.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

import bot
from bot.errors import UserError
from bot.model import Verdict
from bot.operations.alerts import Vitals, standing
from bot.settings import Alerts
from bot.settings import Metrics as Settings

_SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)

AskVitals = Callable[[], Awaitable[Vitals]]


class Metrics:
    """All the numbers of one daemon, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        build = Gauge("gatewarden_build_info", "Always 1.", ["version"], registry=self.registry)
        build.labels(version=bot.__version__).set(1)
        self._verdicts = Counter("gatewarden_verdicts", "Verdicts by the machine.", ["status"], registry=self.registry)
        self._faults = Counter(
            "gatewarden_fault_verdicts", "Verdicts with a fault of a detector or rule.", registry=self.registry
        )
        self._stages = Histogram(
            "gatewarden_stage_seconds", "How long a stage took.", ["stage"], registry=self.registry, buckets=_SECONDS
        )
        self._queue = self._gauge("queue_posts", "Posts that wait for a person.")
        self._queue_age = self._gauge("queue_age_seconds", "How long the oldest of them has waited.")
        self._backlog = self._gauge("backlog_posts", "Posts that wait for the machine.")
        self._deaths = self._gauge("decoder_deaths", "Decoder processes that died since the start.")
        self._silence = Gauge(
            "gatewarden_source_silence_seconds", "Since the source last answered.", ["source"], registry=self.registry
        )

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"gatewarden_{name}", text, registry=self.registry)

    def judged(self, verdicts: Sequence[Verdict]) -> None:
        """Verdicts were recorded."""
        for verdict in verdicts:
            self._verdicts.labels(status=verdict.status).inc()
            if any(finding.code == "detector.fault" for finding in verdict.findings):
                self._faults.inc()

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage of the flow ("take", "look", "settle"); ``name`` is a word of ours."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._stages.labels(stage=name).observe(time.perf_counter() - start)

    def page(self, vitals: Vitals) -> bytes:
        """The text that Prometheus reads."""
        waited = vitals.now - (vitals.queue_since or vitals.now)
        self._queue.set(vitals.queue)
        self._queue_age.set(waited.total_seconds())
        self._backlog.set(vitals.backlog)
        self._deaths.set(vitals.deaths)
        for source, heard in vitals.heard.items():
            self._silence.labels(source=source).set((vitals.now - (heard or vitals.started)).total_seconds())
        return generate_latest(self.registry)


def application(metrics: Metrics, vitals: AskVitals, alerts: Alerts) -> web.Application:
    """``GET /metrics``, and ``GET /healthz``: 200 while no alert stands but a full queue of people's, else 503."""

    async def numbers(_: web.Request) -> web.Response:
        return web.Response(body=metrics.page(await vitals()), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def health(_: web.Request) -> web.Response:
        alerts_now = standing(await vitals(), alerts)
        sick = any(alert.condition != "queue_age" for alert in alerts_now)
        body = {"status": "sick" if sick else "well", "alerts": [alert.text for alert in alerts_now]}
        return web.json_response(body, status=503 if sick else 200)

    app = web.Application()
    app.router.add_get("/metrics", numbers)
    app.router.add_get("/healthz", health)
    return app


@contextlib.asynccontextmanager
async def serving(settings: Settings, app: web.Application) -> AsyncIterator[int]:
    """Serve while the block lasts; yields the port. Raises UserError where it cannot be had."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"[metrics] cannot listen on {settings.host}:{settings.port}: {reason}") from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
