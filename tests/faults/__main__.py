"""The long drills: ``python -m tests.faults`` prints what was measured so far; with ``DRILL…`` it first goes on with
these where they stopped (``all``: with each). ``--again`` begins their count anew, ``--trials N`` says how many.

Each part that is done is a line of ``results.jsonl``: nothing is lost by stopping, and every figure in the table can be
traced to the commit that it was measured on. A line that begins at trial 0 begins a new count.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.faults.drill import Drill, together

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_name("results.jsonl")
SCRATCH = ROOT / ".faults"
MODULES = ("urls", "servers", "files", "mutants", "kills", "power", "full_disk", "backlog", "soak", "texts", "network")


def load(name: str) -> Drill:
    """The drill of that name."""
    drill: Drill = importlib.import_module(f"tests.faults.{name}").DRILL
    return drill


def count(name: str) -> list[dict[str, Any]]:
    """The lines of a drill's newest count."""
    lines: list[dict[str, Any]] = []
    for text in RESULTS.read_text().splitlines() if RESULTS.exists() else ():
        line = json.loads(text)
        if line["drill"] == name:
            lines = [line] if line["from"] == 0 else [*lines, line]
    return lines


def go_on(drill: Drill, trials: int, *, again: bool) -> None:
    """Run the trials that are missing, and append what each part of them gave."""
    done = 0 if again else max((line["to"] for line in count(drill.name)), default=0)
    folder = SCRATCH / drill.name
    while done < trials:
        if done == 0 or not drill.keeps:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        part = range(done, min(done + drill.batch, trials))
        began = time.monotonic()
        figures = drill.run(part, folder)
        line = {
            "drill": drill.name,
            "from": part.start,
            "to": part.stop,
            "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "commit": commit(),
            "seconds": round(time.monotonic() - began, 1),
            "figures": {name: round(value, 4) for name, value in figures.items()},
        }
        with RESULTS.open("a") as file:
            file.write(json.dumps(line) + "\n")
        done = part.stop
        print(told(drill), flush=True)
    if not drill.keeps:
        shutil.rmtree(folder, ignore_errors=True)


def commit() -> str:
    """What was measured."""
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def told(drill: Drill) -> str:
    """One line of the table: how many trials of how many, and the figures with the bounds they are held to."""
    lines = count(drill.name)
    if not lines:
        return f"{drill.name:<10} not run yet: {drill.title}"
    figures = together(line["figures"] for line in lines)
    shown = ", ".join(
        f"{name.replace('_', ' ')} {value:g}" + (f" (at most {drill.most[name]:g})" if name in drill.most else "")
        for name, value in figures.items()
    )
    verdict = "BROKEN" if drill.broken(figures) else "ok"
    return f"{drill.name:<10} {verdict:<7} {lines[-1]['to']} of {drill.trials} {drill.title}: {shown}"


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for, print the table; 1 where a figure is worse than it may be."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("drills", nargs="*", metavar="DRILL", help=f"all, or of {', '.join(MODULES)}")
    parser.add_argument("--trials", type=int, help="how many in all; default: the long form's")
    parser.add_argument("--again", action="store_true", help="begin the count anew")
    asked = parser.parse_args(arguments)
    for name in MODULES if "all" in asked.drills else asked.drills:
        drill = load(name)
        go_on(drill, asked.trials or drill.trials, again=asked.again)
    drills = [load(name) for name in MODULES]
    for drill in drills:
        print(told(drill))
    return int(any(drill.broken(together(line["figures"] for line in count(drill.name))) and count(drill.name)
                   for drill in drills))  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
