"""What it costs to take a picture into the graph of copies, as a post does: found and proved ahead, then linked in the
one serial step, in a database.

    python -m benchmarks.copies_linking SEEN [--pictures N] [--kept FOLDER]

SEEN is the ``.seen`` file of a run of benchmarks/copies.py; its history comes in mixed. While a picture is found ahead
sixteen others are on their way before it, as with the daemon's own number of looks at once; every eight are committed
together. Milliseconds of processor time of the last quarter, by kind: ahead, in the serial step after it, and in the
serial step where nothing was found ahead. How many links stand at the end must be the same. The kinds of in-domain
pictures follow one another.

A large history takes an hour. With ``--kept`` the graph stays in that folder, a run that was stopped goes on where it
was, and the half that finds nothing ahead is left out.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as bot/__main__.py does

import numpy as np

from benchmarks.copies_seen import Seen, stored
from benchmarks.copies_sets import kind_of
from bot.campaign import load_campaign
from bot.copies.ahead import Ahead
from bot.copies.linking import Linker
from bot.store import Store

_WAY: Final = 16
_TOGETHER: Final = 8
_SAID: Final = 4000  # pictures between two lines of progress


def main(arguments: Sequence[str]) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="benchmarks.copies_linking")
    parser.add_argument("seen", type=Path)
    parser.add_argument("--pictures", type=int, default=3000)
    parser.add_argument("--kept", type=Path)
    given = parser.parse_args(arguments)
    history = [s for s in stored(given.seen) if s.name.split()[0] in ("original", "alike", "other")]
    if not history:
        parser.error(f"no pictures in {given.seen}: it is made by benchmarks/copies.py")
    chosen = [history[n] for n in np.random.default_rng(1).permutation(len(history))[: given.pictures]]
    gc.freeze()  # what is to come is the benchmark's to hold, and no step's to sweep
    halves = []
    if given.kept is None:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            halves = [taken_in(chosen, Path(one), found_ahead=True), taken_in(chosen, Path(other), found_ahead=False)]
            assert halves[0][1] == halves[1][1], f"{halves[0][1]} links where they were found ahead, {halves[1][1]}"
    else:
        given.kept.mkdir(parents=True, exist_ok=True)
        halves = [taken_in(chosen, given.kept, found_ahead=True)]
    print(f"{len(chosen)} pictures, {halves[0][1]} links\n")
    heads = ["kind", "pictures", "ahead: median, p95 ms", "linked after it", "all at once"][: len(halves) + 3]
    print(f"| {' | '.join(heads)} |\n| --- |{' ---: |' * (len(heads) - 1)}")
    for kind, beside in sorted(halves[0][0].items()):
        cells = [beside.ahead, beside.serial, *(half[kind].serial for half, _ in halves[1:])]
        told = " | ".join(f"{np.median(c):.1f}, {np.quantile(c, 0.95):.1f}" for c in cells)
        print(f"| {kind} | {len(beside.serial)} | {told} |")
    return 0


class Costs(NamedTuple):
    """Milliseconds of processor time a picture."""

    ahead: list[float]
    serial: list[float]


def taken_in(pictures: Sequence[Seen], folder: Path, *, found_ahead: bool) -> tuple[dict[str, Costs], int]:
    """What the last quarter cost that was not in this folder's graph, by kind; and how many links stand at the end."""
    costs: defaultdict[str, Costs] = defaultdict(lambda: Costs([], []))
    campaign, spent = load_campaign(), dict[int, float]()
    store = Store(folder)
    linker, ahead = Linker(store, campaign, ""), Ahead(folder, campaign, "")
    begin = store.graph.nodes.last()
    for start in range(begin, len(pictures) + _WAY, _TOGETHER):
        for place in range(start, min(start + _TOGETHER, len(pictures))) if found_ahead else ():
            begun = time.thread_time()
            ahead.find(pictures[place].evidence, linker.indexes)
            spent[place] = time.thread_time() - begun
        if start // _TOGETHER % (_SAID // _TOGETHER) == 0:
            print(f"{time.strftime('%H:%M:%S')} {start} of {len(pictures)}", file=sys.stderr, flush=True)
        with store.transaction():
            for place in range(max(begin, start - _WAY), min(start - _WAY + _TOGETHER, len(pictures))):
                seen = pictures[place]
                store.media.save(seen.evidence.sha256, "", seen.evidence, 0)
                begun = time.thread_time()
                linker.add(seen.evidence, ahead.take(seen.evidence.sha256))
                took = time.thread_time() - begun
                for kind in (kind_of(seen.name), "all") if place >= len(pictures) * 3 // 4 else ():
                    costs[kind].ahead.append(spent.get(place, 0.0) * 1000)
                    costs[kind].serial.append(took * 1000)
    (links,) = store.connection.row("SELECT count(*) FROM links", ()) or (0,)
    ahead.close()
    store.close()
    return costs, links


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
