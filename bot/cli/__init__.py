"""The command line: parse and print, nothing else. One file per group of commands; ``table.py`` lists them all."""

from __future__ import annotations

from bot.cli.app import main

__all__ = ["main"]
