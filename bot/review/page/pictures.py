"""Pictures for the browser: decoded in the sandbox, encoded anew here. A stranger's bytes are never passed on.

Kept in memory alone, so that what is forgotten is gone with its file.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it has no types
from PIL import Image

from bot.engines.preview import Pixels, Previewer
from bot.settings import Engine as Settings
from bot.store.blobs import Blobs
from detectors.evidence import Value

_KEPT: Final = 96 << 20  # bytes of encoded pictures
_SMALL: Final = 400  # long side of a picture in a grid
_THREADS: Final = 2


class View(Value):
    """One picture as it is asked for: of a video the frame of that number; ``small`` for grids."""

    sha256: str
    frame: int = 0
    small: bool = False


class Pictures:
    """Makes JPEGs of stored media. Close it at the end."""

    def __init__(self, blobs: Blobs, settings: Settings) -> None:
        """Raises UserError where no sandbox can be had and the settings do not waive it."""
        Previewer(settings)  # now rather than at the first picture
        self._blobs, self._settings = blobs, settings
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="pictures")
        self._own = threading.local()
        self._previewers: list[Previewer] = []
        self._kept: OrderedDict[View, bytes] = OrderedDict()
        self._size = 0
        self._coming: dict[View, asyncio.Future[bytes | None]] = {}

    async def jpeg(self, view: View) -> bytes | None:
        """The picture as JPEG, its long side at most 1280 pixels (400 where small); None where nothing is stored, or
        nothing can be decoded."""
        if not self._blobs.path(view.sha256).exists():
            self._drop(view)
            return None
        if view in self._kept:
            self._kept.move_to_end(view)
            return self._kept[view]
        if view not in self._coming:
            making = asyncio.get_running_loop().run_in_executor(self._threads, self._made, view)
            self._coming[view] = making
            making.add_done_callback(lambda done: self._came(view, done))
        return await asyncio.shield(self._coming[view])

    def close(self) -> None:
        """End the decoders."""
        self._threads.shutdown(cancel_futures=True)
        for previewer in self._previewers:
            previewer.close()

    def _made(self, view: View) -> bytes | None:
        previewer: Previewer | None = getattr(self._own, "previewer", None)
        if previewer is None:
            previewer = self._own.previewer = Previewer(self._settings)
            self._previewers.append(previewer)
        found = previewer.pixels(self._blobs.path(view.sha256), frame=view.frame)
        return None if found is None else _encoded(_reduced(found[0]) if view.small else found[0])

    def _came(self, view: View, done: asyncio.Future[bytes | None]) -> None:
        self._coming.pop(view, None)
        made = None if done.cancelled() or done.exception() is not None else done.result()
        if made is not None:
            self._kept[view] = made
            self._size += len(made)
            while self._size > _KEPT:
                self._drop(next(iter(self._kept)))

    def _drop(self, view: View) -> None:
        self._size -= len(self._kept.pop(view, b""))


def _reduced(rgb: Pixels) -> Pixels:
    image = Image.fromarray(rgb)
    image.thumbnail((_SMALL, _SMALL), Image.Resampling.BOX)
    return np.asarray(image)


def _encoded(rgb: Pixels) -> bytes:
    made: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), quality=88, colorsubsampling="420")
    return made
