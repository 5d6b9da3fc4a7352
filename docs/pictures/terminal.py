"""Draws ``terminal.svg``: real commands on the demo's data, as a terminal shows them.

gatewarden demo --data .demo && python -m docs.pictures.terminal .demo
"""

from __future__ import annotations

import fcntl
import html
import io
import os
import pty
import re
import struct
import sys
import termios
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

COLUMNS, ROWS = 112, 50
COMMANDS = (("queue", "--limit", "6"), ("show", "12872333"))


def on_a_terminal(words: tuple[str, ...]) -> str:
    """What a command prints on a terminal of our size, colours included."""
    child, descriptor = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "bot", *words])
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    shown = b""
    try:
        while chunk := os.read(descriptor, 65536):
            shown += chunk
    except OSError:  # the terminal closes when the command ends
        pass
    os.waitpid(child, 0)
    return shown.decode(errors="replace").replace("\r\n", "\n")


def _measured(match: re.Match[str]) -> str:
    """A text element as long as its terminal cells: full-width characters take two, which the exporter overlooks."""
    text = html.unescape(match[3])
    length = float(match[1]) * cell_len(text) / max(1, len(text))
    return f'textLength="{length:.1f}"{match[2]}>{match[3]}<'


def main() -> None:
    """Run the commands on the data directory given and write the picture."""
    os.environ |= {
        "COLUMNS": str(COLUMNS),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "GATEWARDEN_DATA": sys.argv[1],
    }
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for words in COMMANDS:
        console.print(Text(f"$ gatewarden {' '.join(words)}", style="bold green"))
        console.print(Text.from_ansi(on_a_terminal(words).split("history\n")[0]))
    svg = console.export_svg(title="gatewarden")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # nothing is loaded from elsewhere
    svg = re.sub(r'textLength="([\d.]+)"([^>]*)>([^<]*)<', _measured, svg)
    Path(__file__).with_name("terminal.svg").write_text(svg)


if __name__ == "__main__":
    main()
