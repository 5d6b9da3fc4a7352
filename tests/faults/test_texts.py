"""Generated texts through every way out: terminal, CSV, JSON Lines, page."""

from __future__ import annotations

from pathlib import Path

from tests.faults import texts


def test_no_text_gets_out(tmp_path: Path) -> None:
    """Nothing that a terminal obeys, a spreadsheet computes or a browser runs.

    More: ``python -m tests.faults texts``."""
    figures = texts.DRILL.run(range(200), tmp_path)
    assert figures["texts"] == 200
    assert texts.DRILL.broken(figures) == {}


def test_the_reader_of_pages_sees_what_is_evil() -> None:
    """The drill can fail: unescaped, the same payloads are found."""
    for payload in (
        "<x-evil>",
        "<b x-evil=1>",
        "<img onerror=x>",
        "<a href='javascript:x'>",
        "<script>x</script>",
        "\u202e",
    ):
        page = texts._Page()
        page.feed(payload)
        page.close()
        assert page.wrong, payload
