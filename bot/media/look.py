"""Looking at one media item: get the bytes, have them examined. The only place that joins fetcher and engine.

Everything that can go wrong comes back as a value: bad content and refusals are final, ``transient`` asks for another
try, ``fault`` is a bug of ours.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.engines import Engine
from bot.errors import FULL_DISK, Transient
from bot.log import get_logger
from bot.media.fetch import Fetcher
from bot.model import Fetched, MediaRef, Refused, Stored, Unavailable
from bot.store.blobs import Blobs
from detectors.evidence import Examined, Value

log = get_logger("look")


class Seen(Value):
    """What came of one look. Exactly one of ``examined``, ``failure``, ``transient`` and ``fault`` is set, or none
    where
    the evidence for the stored bytes was there already. ``failure`` is "refused:REASON" or "unavailable:REASON"."""

    ref: MediaRef
    stored: Stored | None = None
    examined: Examined | None = None
    failure: str | None = None
    transient: str | None = None
    retry_after: float | None = None
    fault: str | None = None


class Looker:
    """Fetches and examines. ``version`` names the detectors and kit that the evidence comes from."""

    def __init__(
        self, fetcher: Fetcher, blobs: Blobs, engine: Engine, version: str, image_bytes: int, video_bytes: int
    ) -> None:
        self._fetcher, self._blobs, self._engine = fetcher, blobs, engine
        self.version = version
        self._limits = {"image": image_bytes, "video": video_bytes}
        self._examining: dict[str, asyncio.Future[Examined]] = {}

    async def look(self, ref: MediaRef, has_evidence: Callable[[str], Awaitable[bool]]) -> Seen:
        """Get and examine one item; bytes whose evidence is known already are not examined again."""
        got: Fetched | None = None
        try:
            got = await self._get(ref)
            if isinstance(got, Refused | Unavailable):
                return Seen(ref=ref, failure=f"{'refused' if isinstance(got, Refused) else 'unavailable'}:{got.reason}")
            if await has_evidence(got.sha256):
                return Seen(ref=ref, stored=got)
            return Seen(ref=ref, stored=got, examined=await self._examine_once(got.sha256))
        except Transient as error:
            return Seen(ref=ref, transient=error.reason, retry_after=error.retry_after)
        except Exception as error:  # noqa: BLE001 - a bug: the post goes to a person, the traceback to the log
            log.error("look failed", media=ref.url or ref.path, traceback=traceback.format_exc())
            return Seen(ref=ref, fault=type(error).__name__)

    async def _get(self, ref: MediaRef) -> Fetched:
        if ref.path is not None:
            return await asyncio.to_thread(self._read, Path(ref.path), self._limits[ref.type])
        if ref.url is None:
            return Refused(reason="no_address")
        return await self._fetcher.fetch(ref.url, ref.type)

    def _read(self, path: Path, most: int) -> Fetched:
        try:
            return self._blobs.put_file(path, most)
        except FileNotFoundError:
            return Unavailable(reason="no_file")
        except PermissionError:
            return Unavailable(reason="no_permission")
        except OSError as error:
            if error.errno in FULL_DISK:
                raise Transient("disk_full") from error
            raise Transient(f"cannot read {path.name}: {error.strerror}") from error

    async def _examine_once(self, sha256: str) -> Examined:
        """Examine, unless the same bytes are being examined for another post just now."""
        running = self._examining.get(sha256)
        if running is None:
            running = asyncio.ensure_future(self._engine.examine(self._blobs.path(sha256)))
            self._examining[sha256] = running
            running.add_done_callback(lambda _: self._examining.pop(sha256, None))
        return await asyncio.shield(running)
