"""What goes on behind the screen: one thread that alone speaks to the store, in the order it was asked, and two that
have pictures decoded. Whoever asks goes on at once; the answer comes through ``tell``, in the screen's own loop.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TypeVar

from bot.engines.preview import Pixels, Previewer
from bot.errors import UserError
from bot.review.tui.item import Place
from bot.settings import Engine

T = TypeVar("T")
Tell = Callable[[Callable[[], None]], None]
"""Has a function run in the screen's loop; may be called from any thread."""

Broken = Callable[[BaseException], None]
"""Is told of what no job can be done after; may be called from any thread."""

_DRAWING: Final = 0.2  # seconds that threads wait at most for the screen
_EYES: Final = 2  # while one decoder is replaced, or busy with a video, the other goes on


class Calm:
    """Whether the screen has time for others: while it draws the next post, no thread takes the interpreter from it."""

    def __init__(self) -> None:
        self._drawn = threading.Event()
        self._drawn.set()

    def drawing(self) -> None:
        """The screen begins to draw."""
        self._drawn.clear()

    def drawn(self) -> None:
        """The screen has drawn."""
        self._drawn.set()

    def wait(self) -> None:
        """Let the screen go first; not for long."""
        self._drawn.wait(_DRAWING)


class Backstage:
    """Runs jobs at a place. ``place`` opens it, in the thread that uses it; what it enters is left there at the end."""

    def __init__(self, calm: Calm, place: Callable[[ExitStack], Place], tell: Tell, broken: Broken) -> None:
        self._calm = calm
        self._open, self._tell, self._broken = place, tell, broken
        self._jobs: queue.SimpleQueue[Callable[[Place], Callable[[], None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)

    def start(self) -> None:
        """Open the place and begin."""
        self._thread.start()

    def ask(self, job: Callable[[Place], T], then: Callable[[T], None], otherwise: Callable[[UserError], None]) -> None:
        """Have ``job`` done after all that was asked before; then its answer, or what is wrong, is handed on."""

        def done(place: Place) -> Callable[[], None]:
            try:
                answer = job(place)
            except UserError as error:
                return lambda refusal=error: otherwise(refusal)  # type: ignore[misc]
            return lambda: then(answer)

        self._jobs.put(done)

    def close(self) -> None:
        """Finish what was asked, and close the place."""
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        try:
            with ExitStack() as stack:
                place = self._open(stack)
                while (job := self._jobs.get()) is not None:
                    self._calm.wait()
                    self._tell(job(place))
        except BaseException as error:  # noqa: BLE001 - a bug, or a store that cannot be opened: the screen must end
            self._broken(error)


class Eyes:
    """Has pictures decoded, the most urgent first."""

    def __init__(self, calm: Calm, settings: Engine, tell: Tell, broken: Broken) -> None:
        """Raises UserError where media cannot be decoded safely."""
        self._calm, self._closed = calm, False
        self._previewers = [Previewer(settings) for _ in range(_EYES)]
        self._tell, self._broken = tell, broken
        self._wanted: queue.PriorityQueue[tuple[int, int, Callable[[Previewer], Callable[[], None]] | None]]
        self._wanted = queue.PriorityQueue()
        self._order = itertools.count()
        self._threads = [
            threading.Thread(target=self._work, args=(previewer,), name="eye", daemon=True)
            for previewer in self._previewers
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def look(
        self,
        path: Path,
        frame: int,
        make: Callable[[tuple[Pixels, float] | None], T],
        then: Callable[[T], None],
        urgency: int = 1,
    ) -> None:
        """Decode, and have ``make`` do, still beside the loop, what is to be done with the pixels. 0 is most urgent."""

        def done(previewer: Previewer) -> Callable[[], None]:
            pixels = previewer.pixels(path, frame=frame)
            self._calm.wait()
            made = make(pixels)
            return lambda: then(made)

        self._wanted.put((urgency, next(self._order), done))

    def close(self) -> None:
        """End the decoders; what nobody has seen yet is not decoded."""
        self._closed = True
        for _ in self._threads:
            self._wanted.put((-1, next(self._order), None))
        for previewer in self._previewers:
            previewer.close()

    def _work(self, previewer: Previewer) -> None:
        try:
            while (look := self._wanted.get()[2]) is not None:
                self._tell(look(previewer))
        except BaseException as error:  # noqa: BLE001 - a bug: the screen must end
            if not self._closed:  # else a decoder was ended while it was being asked
                self._broken(error)
