"""What the two screens of the terminal share: work that goes on in threads behind the screen, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from textual.app import App
from textual.message import Message

from bot.review.tui.backstage import Backstage, Calm, Eyes
from bot.review.tui.item import Place
from bot.review.tui.look import DARK, LIGHT, palette
from bot.review.tui.setting import Setting


class Stage(App[None]):
    """A screen with a thread for the store and two for pictures. ``failure``: why it had to end, for the command."""

    ENABLE_COMMAND_PALETTE = False

    class Told(Message):
        """Something to be done in the loop, from another thread."""

        def __init__(self, action: Callable[[], None]) -> None:
            super().__init__()
            self.action = action

    def __init__(self, setting: Setting, place: Callable[[ExitStack], Place]) -> None:
        """``place`` opens the store, in the thread that uses it. Raises UserError where media cannot be decoded."""
        super().__init__(ansi_color=not setting.colour)
        self.setting = setting
        self.failure: BaseException | None = None
        self._look = DARK if setting.dark else LIGHT
        self.palette = palette(self._look, colour=setting.colour)
        self._calm = Calm()
        self._backstage = Backstage(self._calm, place, self._tell, self._break)
        self._eyes = Eyes(self._calm, setting.engine, self._tell, self._break)

    def open_stage(self) -> None:
        """Put on the colours and start the threads."""
        self.register_theme(self._look)
        self.theme = self._look.name
        self._backstage.start()
        self._eyes.start()

    def close_stage(self) -> None:
        """Finish what was asked of the store, and stop."""
        self._backstage.close()
        self._eyes.close()

    def on_stage_told(self, message: Told) -> None:
        """Do what another thread asked for."""
        message.action()

    def _tell(self, action: Callable[[], None]) -> None:
        self.post_message(self.Told(action))

    def _break(self, error: BaseException) -> None:
        """It cannot go on: leave, and let the command tell why."""
        self.failure = error
        self._tell(self.exit)
