"""``scan``, ``match``, ``match-text``, ``brand``, ``bank``, ``check-url``: looking, through the real decoders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from tests.integration.commands import Command, picture

ROOT = Path(__file__).parents[2]


def test_scan_tells_of_every_file_below_a_folder(command: Command, tmp_path: Path) -> None:
    """One object for each, in order, whatever it is; exit 0."""
    picture(tmp_path, "b.png", 1)
    (tmp_path / "deep").mkdir()
    shutil.copy(ROOT / "assets/brands/gate/lockup-on-dark.png", tmp_path / "deep" / "mark.png")
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "link.png").symlink_to("b.png")
    (tmp_path / "\udce9.png").write_bytes(b"\x89PNG")
    ended = command("scan", tmp_path, "--json")
    assert ended.status == 0
    found = {Path(o["path"]).name: o for o in ended.objects}
    assert list(found) == ["a.txt", "b.png", "mark.png", "empty.jpg", "\udce9.png"]
    plain = found["b.png"]
    assert (plain["kind"], plain["width"], plain["height"], plain["readable"], plain["unreadable"]) == (
        "image", 320, 240, True, None,
    )  # fmt: skip
    assert plain["brand"] == {"present": False, "score": 0.0, "marks": []}
    assert plain["fingerprint"].keys() == {"phash", "pdq", "quality"}
    assert found["mark.png"]["brand"]["marks"][0].keys() == {"name", "score", "box", "media", "frame", "time"}
    assert [found[n]["readable"] for n in ("a.txt", "empty.jpg", "\udce9.png")] == [False] * 3
    assert found["a.txt"]["unreadable"] == "unknown_format"


def test_scan_annotates_and_fails_on_nothing_but_a_missing_path(command: Command, tmp_path: Path) -> None:
    """Annotated pictures are PNG files; a path that is not there is one line and exit 1; an unknown kit exit 2."""
    one = picture(tmp_path, "one.png", 1)
    ended = command("scan", one, "--annotate", tmp_path / "out")
    assert (ended.status, ended.out.count("\n")) == (0, 1)
    (drawn,) = (tmp_path / "out").iterdir()
    with Image.open(drawn) as image:
        assert (image.format, image.size) == ("PNG", (320, 240))
    assert command("scan", tmp_path / "no.png").status == 1
    assert command("scan", one, "--brand", "nosuch").status == 2


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """An index of three pictures, and queries: the same bytes, mirrored, another, and no picture."""
    index, query = tmp_path / "index", tmp_path / "query"
    index.mkdir()
    (query / "deep").mkdir(parents=True)
    for seed in (1, 2, 3):
        picture(index, f"{seed}.png", seed)
    shutil.copy(index / "1.png", query / "same.png")
    with Image.open(index / "2.png") as image:
        ImageOps.mirror(image).resize((400, 300)).save(query / "deep" / "mirrored.jpg", quality=85)
    picture(query, "other.png", 9)
    (query / "none.txt").write_text("x")
    return index, query


def test_match_finds_copies(command: Command, folders: tuple[Path, Path], tmp_path: Path) -> None:
    """The same bytes are exact, a mirrored one near; another picture has no match; best first, relative paths."""
    index, query = folders
    ended = command("match", "--index", index, "--query", query, "--json", "--annotate", tmp_path / "out")
    found = {o["query"]: o["matches"] for o in ended.objects}
    assert list(found) == ["deep/mirrored.jpg", "none.txt", "other.png", "same.png"]
    assert found["same.png"] == [
        {"path": "1.png", "kind": "exact", "score": 1.0, "distance": 0, "inliers": None, "quad": None}
    ]
    assert [(m["path"], m["kind"]) for m in found["deep/mirrored.jpg"]] == [("2.png", "near")]
    assert found["other.png"] == found["none.txt"] == []
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_match_with_no_least_score_shows_every_candidate(command: Command, folders: tuple[Path, Path]) -> None:
    """--min-score 0 gives all pairs, scores falling, and the least score is a bound."""
    index, query = folders
    all_of_them = command("match", "--index", index, "--query", query, "--min-score", "0", "--json").objects
    other = next(o["matches"] for o in all_of_them if o["query"] == "other.png")
    assert {m["path"] for m in other} == {"1.png", "2.png", "3.png"}
    assert [m["score"] for m in other] == sorted((m["score"] for m in other), reverse=True)
    half = command("match", "--index", index, "--query", query, "--min-score", "0.99", "--json").objects
    assert all(m["score"] >= 0.99 for o in half for m in o["matches"])
    assert command("match", "--index", index, "--query", query, "--min-score", "2").status == 2


def test_a_file_never_matches_itself(command: Command, folders: tuple[Path, Path]) -> None:
    """A folder against itself, also through a link to it: only true copies."""
    index, _ = folders
    shutil.copy(index / "1.png", index / "copy.png")
    (index.parent / "link").symlink_to(index)
    for query in (index, index.parent / "link"):
        found = {
            o["query"]: [m["path"] for m in o["matches"]]
            for o in command("match", "--index", index, "--query", query, "--json").objects
        }
        assert found == {"1.png": ["copy.png"], "2.png": [], "3.png": [], "copy.png": ["1.png"]}


def test_match_needs_folders(command: Command, tmp_path: Path) -> None:
    """A missing folder is one line and exit 1."""
    ended = command("match", "--index", tmp_path / "no", "--query", tmp_path)
    assert (ended.status, ended.err.count("\n")) == (1, 1)


STORY = "第一次登录的时候我还在大学宿舍里,如今已经带着抱枕走过了三座城市,感谢一路陪伴的每一个朋友"


def test_match_text(command: Command, tmp_path: Path) -> None:
    """A reworded story is found, another is not, and a text never matches itself."""
    index, query = tmp_path / "index.jsonl", tmp_path / "query.jsonl"
    texts = [{"id": "a", "text": STORY}, {"id": 2, "text": "今天天气很好,我们去公园放风筝,晚上回家做了一桌好菜"}]
    index.write_text("\n".join(json.dumps(t) for t in texts))
    query.write_text("\n".join(json.dumps(t) for t in [{"id": "q", "text": STORY.replace("三座", "五座")}, texts[0]]))
    found = {
        o["query"]: o["matches"] for o in command("match-text", "--index", index, "--query", query, "--json").objects
    }
    assert [m["id"] for m in found["q"]] == ["a"]
    assert 0.8 <= found["q"][0]["score"] < 1
    assert found["a"] == []
    index.write_text('{"id": "a", "text": "x"}\n{"id": "b"}\n')
    ended = command("match-text", "--index", index, "--query", query)
    assert ended.status == 1
    assert "index.jsonl:2" in ended.err


def test_brand(command: Command, tmp_path: Path) -> None:
    """The shipped kit is listed and sound; a folder that is none is not, with exit 1."""
    assert [o["name"] for o in command("brand", "list", "--json").objects] == ["gate"]
    assert command("brand", "check", ROOT / "assets/brands/gate").status == 0
    ended = command("brand", "check", tmp_path, "--json")
    assert (ended.status, ended.objects[0]["sound"]) == (1, False)
    assert command("brand", "check", tmp_path / "no").status == 1


def test_no_copy_rests_on_the_bank(command: Command, judged: Path) -> None:
    """Once the shared picture is in the bank the copier is no copier; once it is out again, they are."""

    def reasons() -> list[str]:
        found = {o["post_id"]: o for o in command("export", "--data", judged).objects}
        return [r["code"] for r in found["102"]["reasons"]]

    before = reasons()
    assert "duplicate.exact" in before
    added = command("bank", "add", "101", "--label", "poster", "--as", "amy", "--data", judged, "--json")
    assert (added.status, added.objects[0]["label"]) == (0, "poster")
    assert [o["label"] for o in command("bank", "list", "--json", "--data", judged).objects] == ["poster"]
    assert "duplicate.exact" not in reasons()
    again = command("bank", "add", "101", "--data", judged)
    assert again.status == 1
    assert command("bank", "remove", "poster", "--data", judged).status == 0
    assert reasons() == before
    assert command("bank", "remove", "poster", "--data", judged).status == 1


def test_a_file_can_be_banked_as_official(command: Command, judged: Path, tmp_path: Path) -> None:
    """A near copy of an official poster is found by its looks, and the post that shows it asks for that reason."""
    with Image.open(picture(tmp_path, "two.png", 2)) as image:
        image.resize((640, 480)).save(tmp_path / "poster.jpg", quality=90)
    assert command("bank", "add", tmp_path / "poster.jpg", "--official", "--data", judged).status == 0
    found = {o["post_id"]: o for o in command("export", "--data", judged).objects}
    assert "brand.only_official" in [r["code"] for r in found["103"]["reasons"]]
    (tmp_path / "words.txt").write_text("words")
    assert command("bank", "add", tmp_path / "words.txt", "--data", judged).status == 1


def test_check_url_answers_every_line_in_order(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hopeless input included, exit 0; what the settings permit beside the public internet is allowed."""
    lines = b"http://127.0.0.1/a\n\nnonsense\nhttps://1.1.1.1/b\r\n\xff\x1b[31m\nhttp://no-such-host.invalid/"
    ended = command("check-url", "-", "--json", stdin=lines)
    assert ended.status == 0
    assert [o["allowed"] for o in ended.objects] == [False, False, False, True, False, None]
    assert [o["url"] for o in ended.objects][:4] == ["http://127.0.0.1/a", "", "nonsense", "https://1.1.1.1/b"]
    assert all((o["reason"] is None) == (o["allowed"] is True) for o in ended.objects)
    assert "\x1b" not in ended.out
    monkeypatch.setenv("GATEWARDEN_FETCH__ALLOW_ADDRESSES", "127.0.0.0/8")
    monkeypatch.setenv("GATEWARDEN_FETCH__ALLOW_PORTS", "8080")
    assert command("check-url", "http://127.0.0.1:8080/a", "--json").objects[0]["allowed"] is True
    assert command("check-url").status == 2
