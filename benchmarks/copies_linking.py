"""What it costs to take a picture into the graph of copies, as a post does: found, proved and linked, in a database.

    python -m benchmarks.copies_linking SEEN [--pictures N]

SEEN is the ``.seen`` file of a run of benchmarks/copies.py; its history comes in mixed. Milliseconds of processor time
of the last quarter, by kind, and how many links stand at the end. The kinds of in-domain pictures follow one another.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as bot/__main__.py does

import numpy as np

from benchmarks.copies_seen import stored
from benchmarks.in_domain import KINDS
from bot.campaign import load_campaign
from bot.copies.linking import Linker
from bot.store import Store


def main(arguments: Sequence[str]) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="benchmarks.copies_linking")
    parser.add_argument("seen", type=Path)
    parser.add_argument("--pictures", type=int, default=3000)
    given = parser.parse_args(arguments)
    history = [s for s in stored(given.seen) if s.name.split()[0] in ("original", "alike", "other")]
    order = np.random.default_rng(1).permutation(len(history))[: given.pictures]
    costs: defaultdict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        linker = Linker(store, load_campaign(), "")
        for place, number in enumerate(order):
            seen = history[number]
            name, count = seen.name.split()
            start = time.thread_time()
            with store.transaction():
                store.media.save(seen.evidence.sha256, "", seen.evidence, 0)
                kept = time.thread_time()
                linker.add(seen.evidence)
            if place >= len(order) * 3 // 4:
                kind = KINDS[int(count) % len(KINDS)] if name == "alike" else "photo"
                for each in (kind, "all"):
                    costs[each].append((time.thread_time() - kept) * 1000)
                costs["keeping it"].append((kept - start) * 1000)
        (links,) = store.connection.row("SELECT count(*) FROM links", ()) or (0,)
        store.close()
    print(f"{len(order)} pictures, {links} links\n\n| kind | median ms | p95 |\n| --- | ---: | ---: |")
    for kind, found in sorted(costs.items()):
        print(f"| {kind} | {np.median(found):.1f} | {np.quantile(found, 0.95):.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
