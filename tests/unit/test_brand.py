"""Brand kits: loading verifies, checking explains."""

from __future__ import annotations

import hashlib
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from detectors.brand import MANIFEST, Kit, KitError, assets_root, check_kit, list_kits, load_kit


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A writable copy of the shipped kit."""
    return Path(shutil.copytree(assets_root() / "brands" / "gate", tmp_path / "kit"))


def _rewrite(kit: Path, old: str, new: str) -> None:
    path = kit / MANIFEST
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_kits_are_sound() -> None:
    """Every kit that is shipped passes its own check, and ``gate`` is among them."""
    assert "gate" in list_kits()
    for name in list_kits():
        assert check_kit(assets_root() / "brands" / name) == []


def test_gate_has_the_marks_that_a_campaign_may_count() -> None:
    """The names that campaign files use exist, each with drawings in the variants met in the wild."""
    kit = load_kit("gate")
    assert kit.marks == ("mark", "lockup", "gt", "old", "artwork")
    variants = {asset.variant for asset in kit.of_mark("mark")}
    assert {"current", "earlier", "on-blue", "mono-white", "mono-black"} <= variants
    assert kit.colour("blue").rgb == ((0, 0x68, 0xFF), (0x23, 0x54, 0xE6))
    assert kit.posters


def test_the_drawn_mark_obeys_its_measured_geometry() -> None:
    """Square to ring area is 0.184, the quarter from 12 to 3 o'clock holds no ring, and the centre is open."""
    kit = load_kit("gate")
    current = next(asset for asset in kit.of_mark("mark") if asset.variant == "current")
    pixels = kit.picture(current).astype(float)
    cover = pixels[:, :, 3] / 255
    mint = cover * (np.abs(pixels[:, :, :3] - (0x17, 0xE6, 0xA1)).sum(axis=2) < 30)
    ring = cover * (np.abs(pixels[:, :, :3] - (0x00, 0x68, 0xFF)).sum(axis=2) < 30)
    assert mint.sum() / ring.sum() == pytest.approx(0.184, abs=0.004)
    assert ring[:127, 130:].max() == 0
    assert cover[150, 110] == 0


def test_a_kit_is_found_by_name_or_folder_and_hashed_by_content(copied: Path) -> None:
    """The same content has the same hash wherever it lies; one changed byte of the manifest is another kit."""
    assert load_kit(copied).hash == load_kit("gate").hash
    _rewrite(copied, 'title = "Gate"', 'title = "Gates"')
    assert load_kit(str(copied)).hash != load_kit("gate").hash


def test_a_kit_travels_to_worker_processes() -> None:
    """A pickled kit is equal to the original and still finds its pixels; kits can be cache keys."""
    kit = load_kit("gate")
    twin: Kit = pickle.loads(pickle.dumps(kit))
    assert twin == kit
    assert {kit: 1}[twin] == 1
    assert np.array_equal(twin.picture(twin.assets[0]), kit.picture(kit.assets[0]))


def test_an_operator_adds_the_official_poster(copied: Path) -> None:
    """A poster is a file and four lines in the manifest."""
    shutil.copy(copied / "mark-current.png", copied / "official.png")
    digest = hashlib.sha256((copied / "official.png").read_bytes()).hexdigest()
    with (copied / MANIFEST).open("a", encoding="utf-8") as manifest:
        manifest.write(f'\n[[assets]]\nfile = "official.png"\nsha256 = "{digest}"\nkind = "poster"\norigin = "us"\n')
    assert [asset.file for asset in load_kit(copied).posters] == ["poster-stand-in.png", "official.png"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('marks = ["mark",', 'marks = ["mark", "mark",', "'mark' stands twice"),
        ('mark = "gt"', 'mark = "tg"', "is not among the brand's marks"),
        ('first = "blue"', 'first = "red"', "no colour 'red'"),
        ("box = [0.2, 0.2, 0.6, 0.6]", "box = [0.2, 0.2, 0.9, 0.6]", "box is not inside"),
        ('file = "gt-red.png"', 'file = "../gate/gt-red.png"', "lies outside the kit"),
        ('file = "gt-red.png"', 'file = "gone.png"', "No such file"),
        ('"#17E6A1"', '"mint"', "#[0-9A-Fa-f]"),
        ("[[pairs]]", "[[pears]]", "unknown field `pears`"),
        ("[[pairs]]", "[[pairs", "brand.toml"),
    ],
)
def test_what_is_wrong_with_a_kit_is_said_in_a_line(copied: Path, old: str, new: str, words: str) -> None:
    """Each kind of mistake is named; loading refuses with the first of them."""
    _rewrite(copied, old, new)
    problems = check_kit(copied)
    assert any(words in problem for problem in problems)
    assert all("\n" not in problem for problem in problems)
    with pytest.raises(KitError):
        load_kit(copied)


def test_a_changed_or_broken_picture_is_noticed(copied: Path) -> None:
    """The hash in the manifest must hold; a file that is no picture is named as such."""
    data = b"not a picture"
    (copied / "gt-red.png").write_bytes(data)
    assert any("gt-red.png: differs from its sha256" in problem for problem in check_kit(copied))
    manifest = (copied / MANIFEST).read_text(encoding="utf-8")
    old = manifest.split('file = "gt-red.png"\nsha256 = "')[1][:64]
    _rewrite(copied, old, hashlib.sha256(data).hexdigest())
    assert any("gt-red.png: is no PNG" in problem for problem in check_kit(copied))


def test_a_missing_kit_names_what_there_is(tmp_path: Path) -> None:
    """Neither a shipped name nor a folder: the message lists the shipped kits."""
    with pytest.raises(KitError, match="gate"):
        load_kit("nosuch")
    assert check_kit(tmp_path)
