"""``bank remove``: naming a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.commands import Command, picture


@pytest.mark.parametrize("by", ["path", "label", "sha256", "beginning"])
def test_a_file_leaves_the_bank_by_any_of_its_names(command: Command, judged: Path, tmp_path: Path, by: str) -> None:
    """What was added can be named as it was then, or as the list shows it."""
    picture(tmp_path, "common.png", 5)
    assert command("bank", "add", tmp_path / "common.png", "--data", judged).status == 0
    (banked,) = command("bank", "list", "--json", "--data", judged).objects
    names = {"path": tmp_path / "common.png", "label": banked["label"], "sha256": banked["sha256"]}
    ended = command("bank", "remove", names.get(by, banked["sha256"][:16]), "--data", judged)
    assert ended.status == 0
    assert command("bank", "list", "--json", "--data", judged).objects == []


def test_a_post_leaves_the_bank_by_its_id(command: Command, judged: Path) -> None:
    """All that this post put there; a second time there is nothing to take out."""
    assert command("bank", "add", "103", "--data", judged).status == 0
    assert command("bank", "remove", "103", "--data", judged).status == 0
    assert command("bank", "list", "--json", "--data", judged).objects == []
    assert command("bank", "remove", "103", "--data", judged).status == 1
