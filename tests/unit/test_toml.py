"""TOML with places."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.toml import Document, lines, read_toml

TEXT = '''\
# a comment with [brackets] and = signs

name = "x" # [not] a table
[a."b c".'d']
"quoted.key" = """
[no.table]
no_key = 1
ends with quotes: """""
literal = \'\'\'
[neither]
\'\'\'
list = [ # with a comment ]
  "]", '[', { x = 1 },
]
after.list = 2

[[rows]]
n = 1
[rows.sub]
deep = true
[[rows]]
n = 2
'''


def test_every_key_has_its_own_line() -> None:
    """Strings, arrays and comments that look like tables and keys mislead nobody; rows are numbered."""
    assert tomllib.loads(TEXT)["rows"][1] == {"n": 2}
    table = ("a", "b c", "d")
    assert lines(TEXT) == {
        ("name",): 3,
        table: 4,
        (*table, "quoted.key"): 5,
        (*table, "literal"): 9,
        (*table, "list"): 12,
        (*table, "after", "list"): 15,
        ("rows", 0): 17,
        ("rows", 0, "n"): 18,
        ("rows", 0, "sub"): 19,
        ("rows", 0, "sub", "deep"): 20,
        ("rows", 1): 21,
        ("rows", 1, "n"): 22,
    }


def test_windows_line_ends_count_once() -> None:
    """A file written elsewhere has the same lines."""
    assert lines(TEXT.replace("\n", "\r\n")) == lines(TEXT)


def test_a_key_without_a_line_takes_that_of_its_table() -> None:
    """A missing key is reported at the nearest thing around it, and the first line where there is none."""
    document = Document(Path("f.toml"), TEXT)
    assert document.place(("rows", 1, "missing")) == "f.toml:21: rows[1].missing"
    assert document.place(("nowhere",)) == "f.toml:1: nowhere"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = 1\nb = [\n", ":2: not valid TOML"),
        (b"a = 1\na = 2\n", ":2: not valid TOML"),
        (b"a = 1\nb = '\xff'\n", ":2: not UTF-8"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, ":1: not valid TOML"),
        (b"#" * 1_000_001, "larger than"),
    ],
)
def test_what_is_no_toml_is_told_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    """Broken files of any kind are a ConfigError with file and line, never a traceback."""
    path = tmp_path / "f.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_toml(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is a ConfigError."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot read"):
            read_toml(path)
