"""The examples do what they say."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from bot.campaign import check_campaign, load_campaign
from bot.clock import SystemClock
from detectors.brand import load_kit
from detectors.examine import View
from examples.csv_source import CsvSource
from examples.darkness_detector import DARKNESS

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_example_campaign_is_sound() -> None:
    """The file loads without a problem and says what it was written to say."""
    assert check_campaign(EXAMPLES / "campaign.toml") == []
    campaign = load_campaign(EXAMPLES / "campaign.toml")
    assert campaign.hashtags == ("GateSummer", "Gate夏日")
    assert campaign.stance_of("content.contact") == "note"


async def test_the_example_source_delivers_and_puts_aside(tmp_path: Path) -> None:
    """A good row becomes a delivery, a bad one is put aside with its line, and a second reading brings nothing."""
    path = tmp_path / "posts.csv"
    path.write_text(
        "id,created_at,author,text,image\n1,2026-07-02T10:00:00Z,u1,#GateSummer#,https://a.example/1.jpg\n,x,,,\n"
    )
    source = CsvSource(path, dt.UTC, SystemClock())
    [batch] = [batch async for batch in source.stream(None)]
    assert [(d.snapshot.id, d.snapshot.text) for d in batch.deliveries] == [("1", "#GateSummer#")]
    assert [q.line for q in batch.quarantined] == [3]
    assert [batch async for batch in source.stream(batch.position)] == []


def test_the_example_detector_is_right_on_its_examples() -> None:
    """What it gives for each of its own pictures is as it should be."""
    kit = load_kit()
    for example in DARKNESS.examples(kit):
        assert example.right(tuple(DARKNESS.look(View(example.picture, kit)))), example.name
