"""Every setting there is, with its default. Reading them from files and the environment is ``settings_load.py``.

One class a section of ``gatewarden.toml``. A field's comment is its documentation. Durations are in seconds and take
units in text (``"30 min"``); sizes are in bytes and take units too (``"25 MB"``); lists may be TOML arrays or one
comma-separated text. A variable ``GATEWARDEN_<SECTION>__<KEY>`` overrides any of them.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Final, Literal, dataclass_transform

import msgspec

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Unit = Literal["seconds", "bytes"]

Seconds = Annotated[float, msgspec.Meta(ge=0, extra={"unit": "seconds"})]
Bytes = Annotated[int, msgspec.Meta(gt=0, extra={"unit": "bytes"})]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Money = Annotated[float, msgspec.Meta(ge=0)]


class Secret:
    """A text that never shows itself: not in a log, not in a traceback, not in ``repr``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself; call it only where it is used."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every section: immutable, keyword-only."""


class Sources(Section):
    """Where posts come from."""

    enabled: tuple[str, ...] = ()  # names of sources; with none named, `run` polls gate_square


class GateSquare(Section):
    """The official public search."""

    host: str = "https://api.gateio.ws"
    interval: Seconds = 60.0  # between two polls
    index_lag: Seconds = 1800.0  # how late the search may show a post; widens every bound drawn from polls


class Push(Section):
    """The endpoint for an operator's own backend."""

    host: str = "127.0.0.1"
    port: Port = 8610  # 0: any free port, told in the log
    secret: Secret | None = None  # environment or secret_file only


class Jsonl(Section):
    """A file of posts, one JSON object a line."""

    file: str | None = None  # needed where the source is enabled
    follow: bool = True  # go on reading as it grows; else it is read once, whole


class X(Section):
    """View counts of posts shared to X."""

    host: str = "https://api.x.com"
    token: Secret | None = None  # environment or token_file only
    price: Money = 0.005  # US dollars a post read, charged once a UTC day
    budget: Money = 25.0  # US dollars in all, for this data directory


class Draw(Section):
    """The drand network whose rounds decide: quicknet, unless all of these are taken from another's /info."""

    hosts: tuple[str, ...] = ("https://api.drand.sh", "https://drand.cloudflare.com", "https://api2.drand.sh")
    chain: str = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"  # hash of the others
    public_key: str = (  # its signatures must be of the scheme bls-unchained-g1-rfc9380
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
        "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    )
    genesis: Annotated[int, msgspec.Meta(ge=0)] = 1692803367  # Unix seconds of the first round
    period: Count = 3  # seconds from one round to the next
    group_hash: str = "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e"
    beacon_id: str = "quicknet"


class Store(Section):
    """The database."""

    url: str | None = None  # none: SQLite in the data directory


class Fetch(Section):
    """Downloading what strangers link to."""

    allow_addresses: tuple[Network, ...] = ()  # networks permitted beside the public ones (tests, private mirrors)
    allow_ports: tuple[Port, ...] = ()  # ports permitted beside 80 and 443
    allow_hosts: tuple[str, ...] = ()  # when not empty: only these hosts and their subdomains
    deadline: Annotated[float, msgspec.Meta(gt=0, extra={"unit": "seconds"})] = 15.0  # one download, redirects included
    attempts: Count = 3  # tries in all, where the world fails
    image_bytes: Bytes = 25_000_000  # counted after content-decoding
    video_bytes: Bytes = 200_000_000
    redirects: Annotated[int, msgspec.Meta(ge=0, le=20)] = 3  # hops
    per_host: Count = 8  # downloads at once from one host
    rate: Annotated[float, msgspec.Meta(gt=0)] = 50.0  # requests a second to one host


class Media(Section):
    """Bytes kept by content hash."""

    budget: Bytes = 20_000_000_000
    retention: Seconds = 90 * 86400.0  # since last needed


class Engine(Section):
    """The processes that decode pictures and videos."""

    workers: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0  # 0: one a core
    sandbox: Literal["on", "off"] = "on"  # "off": decode without one, at your own risk
    memory: Bytes = 512_000_000  # private memory of one worker
    seconds: Annotated[float, msgspec.Meta(gt=0, extra={"unit": "seconds"})] = 10.0  # CPU time for one picture
    video_seconds: Annotated[float, msgspec.Meta(gt=0, extra={"unit": "seconds"})] = 60.0  # CPU time for one video
    patience: Annotated[float, msgspec.Meta(ge=1)] = 3.0  # times that, of anyone's clock, until it counts as hung
    tries: Count = 3  # lives of one item: each killed or hung worker costs one
    recycle: Count = 500  # items after which a worker is replaced by a fresh one


class Worker(Section):
    """The loop that takes posts through the flow."""

    concurrency: Count = 16  # posts in flight at once
    grace: Seconds = 30.0  # how long a stop waits for what is in flight
    disk_reserve: Bytes = 200_000_000  # free space below which the feed pauses


class Metrics(Section):
    """Prometheus metrics and health, on loopback."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 8611


class Serve(Section):
    """The review page, on loopback: the only addresses it takes."""

    host: str = "127.0.0.1"
    port: Port = 8620  # 0: any free port; the printed address tells it


class Review(Section):
    """How people decide."""

    lease: Annotated[float, msgspec.Meta(gt=0, extra={"unit": "seconds"})] = 120.0  # how long a post is held unattended
    second_share: Share = 0.0  # share of decisions that wait for a second moderator, who does not see the first's
    quota: Count = 200  # posts that one bulk action changes at once; what is over waits for confirmation


class Alerts(Section):
    """Messages to a webhook when something needs a person."""

    webhook: Secret | None = None  # its URL; environment or webhook_file only; none: alerts go to the log
    every: Seconds = 60.0  # between two looks at the conditions
    queue_age: Seconds = 4 * 3600.0  # the oldest post waiting for a person
    silence: Seconds = 1800.0  # no source has answered
    fault_rate: Share = 0.05  # share of posts with a detector fault
    repeat: Seconds = 6 * 3600.0  # remind of what has not been mended


class Canary(Section):
    """A made-up post that must always be flagged."""

    enabled: bool = True
    interval: Seconds = 3600.0


class Log(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"  # auto: console on a terminal, else JSON


class Settings(Section):
    """All settings, and where they came from. ``source`` is None where no file was read."""

    data: Path
    source: Path | None = None
    sources: Sources = Sources()
    gate_square: GateSquare = GateSquare()
    push: Push = Push()
    jsonl: Jsonl = Jsonl()
    x: X = X()
    draw: Draw = Draw()
    store: Store = Store()
    fetch: Fetch = Fetch()
    media: Media = Media()
    engine: Engine = Engine()
    worker: Worker = Worker()
    metrics: Metrics = Metrics()
    serve: Serve = Serve()
    review: Review = Review()
    alerts: Alerts = Alerts()
    canary: Canary = Canary()
    log: Log = Log()


SECTIONS: Final[dict[str, type[Section]]] = {
    "sources": Sources,
    "gate_square": GateSquare,
    "push": Push,
    "jsonl": Jsonl,
    "x": X,
    "draw": Draw,
    "store": Store,
    "fetch": Fetch,
    "media": Media,
    "engine": Engine,
    "worker": Worker,
    "metrics": Metrics,
    "serve": Serve,
    "review": Review,
    "alerts": Alerts,
    "canary": Canary,
    "log": Log,
}
