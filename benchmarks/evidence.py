"""How long the shipped verifier needs for the evidence of winners: ``python -m benchmarks.evidence [--posts N]``.

Makes a data directory of N eligible posts, scored, shared and drawn; freezes, publishes, and runs the verifier as a
program of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot.awards.release import release, write
from bot.awards.winners import Awarding
from bot.campaign import load_campaign
from bot.store import Store
from tests.integration.award_store import NOW, ready


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--posts", type=int, default=150)
    posts = parser.parse_args().posts
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ready(folder / "data", posts)
        with contextlib.closing(Store(folder / "data")) as store, store.transaction():
            awarding = Awarding(store, load_campaign(), NOW)
            winners = [award.post_id for tier in awarding.proposal().tiers for award in tier.awards]
            awarding.tick(winners, "person", "benchmark")
            files, digest = release(store, load_campaign(), awarding.freeze("benchmark"), "masked")
        write(folder / "out", files)
        program = [sys.executable, "-I", str(folder / "out" / "evidence" / "verify_winners.py"), "--published", digest]
        began = time.perf_counter()
        said = subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip()
        took = time.perf_counter() - began
        size = sum(len(body) for path, body in files.items() if path.startswith("evidence/"))
    print(json.dumps({"posts": posts, "winners": len(winners), "bytes": size, "seconds": round(took, 2), "said": said}))


if __name__ == "__main__":
    main()
