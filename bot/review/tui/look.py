"""Colours by night and by day, and the styles of text made from them. Each text has a contrast of 4.5 or more."""

from __future__ import annotations

from typing import Final

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from bot.review.tui.pane import Palette

DARK: Final = Theme(
    name="dark",
    primary="#6cb6ff",
    foreground="#e6e9ee",
    background="#0f1216",
    surface="#171b21",
    panel="#222831",
    success="#57d27a",
    warning="#e8b84a",
    error="#ff8078",
    dark=True,
    variables={"muted": "#98a2b0"},
)
LIGHT: Final = Theme(
    name="light",
    primary="#0550ae",
    foreground="#1f2328",
    background="#ffffff",
    surface="#f3f5f8",
    panel="#e4e8ee",
    success="#116329",
    warning="#7d4e00",
    error="#b3261e",
    dark=False,
    variables={"muted": "#57606a"},
)


def ground(theme: Theme) -> tuple[int, int, int]:
    """The colour behind everything."""
    return Color.parse(theme.background or "#000000").rgb


def palette(theme: Theme, *, colour: bool = True) -> Palette:
    """The styles of text under a theme; without colour by weight and reversal alone."""
    if not colour:
        bold, plain = Style(bold=True), Style()
        return {
            "": plain,
            "title": bold,
            "muted": plain,
            "error": bold,
            "warning": bold,
            "success": plain,
            "accent": bold,
            "chosen": Style(reverse=True),
            "key": bold,
        }
    return {
        "": Style(color=theme.foreground),
        "title": Style(color=theme.foreground, bold=True),
        "muted": Style(color=theme.variables["muted"]),
        "error": Style(color=theme.error, bold=True),
        "warning": Style(color=theme.warning, bold=True),
        "success": Style(color=theme.success),
        "accent": Style(color=theme.primary),
        "chosen": Style(color=theme.background, bgcolor=theme.primary, bold=True),
        "key": Style(color=theme.primary, bold=True),
    }
