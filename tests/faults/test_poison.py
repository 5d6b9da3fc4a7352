"""A post that kills the process: the others are judged all the same, and after three tries a person is shown it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bot.pipeline import MOST_CRASHES
from tests.faults.daemon import PYTHON, ROOT, environment
from tests.faults.kills import differing
from tests.faults.remembered import opened, unsound, verdicts

# The real command, but for one post whose judging takes the process with it, as a bug in a C library would.
FRAGILE = """
import os, sys
import bot.pipeline as pipeline
from bot.cli.app import main
judge = pipeline.judge
def fragile(case, *more, **named):
    if case.post.id == "k13":
        os._exit(139)
    return judge(case, *more, **named)
pipeline.judge = fragile
main(sys.argv[1:])
"""


def test_a_post_that_kills_the_process(tmp_path: Path) -> None:
    """It ends as many runs as it has tries, then waits for a person as a fault; every other post has the verdict that
    it has without it."""
    feed = tmp_path / "feed.jsonl"
    posts = [
        {"id": f"k{i}", "created_at": 1752900000 + i, "text": f"#我的Gate时刻# {i}", "author": {"id": f"u{i}"}}
        for i in range(40)
    ]
    feed.write_text("".join(json.dumps(post) + "\n" for post in posts))

    def ingest(data: str, *words: str) -> int:
        command = [*words, "ingest", str(feed), "--data", str(tmp_path / data)]
        return subprocess.run(command, cwd=ROOT, env=environment({}), capture_output=True, check=False).returncode

    assert ingest("calm", *PYTHON) == 0
    ends = [ingest("poisoned", sys.executable, "-c", FRAGILE) for _ in range(MOST_CRASHES + 1)]
    assert ends == [139] * MOST_CRASHES + [0]
    found, calm = verdicts(tmp_path / "poisoned"), verdicts(tmp_path / "calm")
    poisoned = found.pop("k13")
    assert poisoned.status == "review"
    assert [(f.code, f.detail) for f in poisoned.findings] == [("detector.fault", {"fault": "poison"})]
    del calm["k13"]
    assert differing(found, calm) == 0
    assert unsound(tmp_path / "poisoned") == []
    with opened(tmp_path / "poisoned") as store:
        assert store.work.open() == 0
