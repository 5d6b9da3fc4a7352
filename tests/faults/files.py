"""Every malformed file and bomb through the real sandboxed decoders and all detectors."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

from tests.faults.drill import Drill, Figures
from tests.faults.malformed import malformed
from tests.faults.mutants import MOST, Watched


async def examine(trials: range, folder: Path) -> Figures:
    """The files of these numbers."""
    engine = Watched(folder)
    try:
        for name, data in itertools.islice(malformed(), trials.start, trials.stop, trials.step):
            said = await engine.look(data)
            if said.startswith(("bug", "decoder_", "too_much")):
                print(f"{name}: {said}", flush=True)
    finally:
        await engine.close()
    return engine.figures


DRILL = Drill(
    name="files",
    title="malformed files and bombs through the sandboxed decoders",
    trials=395,
    batch=395,
    # Some take seconds; on a machine that is busy with other things a clock tells more about those.
    most={"max_item_processor_s": 10.0, **{name: most for name, most in MOST.items() if name != "max_item_s"}},
    run=lambda trials, folder: asyncio.run(examine(trials, folder)),
)
