"""A sheet of posts that would flip, each with its pictures: one HTML file and PNG files beside it."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bot.engines.preview import Previewer
from bot.media.annotate import best_frame, drawn, outlines, png
from bot.reasons import Lang, label
from bot.reports.replay import Flip
from bot.settings import Engine
from bot.store import Store
from bot.store.blobs import Blobs
from bot.text_safety import one_line
from bot.whole_file import make_folder, write_whole
from detectors.evidence import MediaEvidence

MOST: Final = 1000  # posts on one sheet

_HEAD: Final = """<!doctype html>
<html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1.5rem }}
article {{ border: 1px solid; border-radius: .5rem; padding: .75rem; overflow-wrap: anywhere }}
img {{ max-width: 100%; height: auto }}
</style>
<h1>{title}</h1><main>
"""


def write_sheet(
    folder: Path, flips: Sequence[Flip], title: str, store: Store, blobs: Blobs, engine: Engine, lang: Lang
) -> Path:
    """Write ``index.html`` and the pictures, with what was found drawn in; returns the page. At most ``MOST`` posts.
    Raises UserError."""
    make_folder(folder)
    shown = flips[:MOST]
    with contextlib.closing(Previewer(engine)) as previewer:
        files = {
            sha256: name
            for sha256 in dict.fromkeys(sha for flip in shown for sha in flip.media)
            if (name := _picture(folder, sha256, store, blobs, previewer)) is not None
        }
    page = folder / "index.html"
    head = _HEAD.format(lang=lang, title=html.escape(title))
    write_whole(page, [head, *(_article(flip, files, lang) for flip in shown), "</main></html>\n"])
    return page


def _picture(folder: Path, sha256: str, store: Store, blobs: Blobs, previewer: Previewer) -> str | None:
    evidence = store.media.any_evidence(sha256, "")
    if not isinstance(evidence, MediaEvidence):
        return None
    frame = best_frame(evidence)
    found = previewer.pixels(blobs.path(sha256), frame=frame)
    if found is None:
        return None
    name = f"{sha256[:16]}.png"
    write_whole(folder / name, [png(drawn(*found, outlines(evidence, None if evidence.kind == "image" else frame)))])
    return name


def _article(flip: Flip, files: Mapping[str, str], lang: Lang) -> str:
    before, after = (
        ", ".join(dict.fromkeys(label(reason["code"], lang) for reason in reasons))
        for reasons in (flip.reasons_before, flip.reasons_after)
    )
    words = html.escape(one_line(f"{flip.post_id}: {flip.before} → {flip.after}"))
    pictures = "".join(f'<img src="{files[sha]}" alt="" loading="lazy">' for sha in flip.media if sha in files)
    return f"<article><h2>{words}</h2><p>{html.escape(before)} → {html.escape(after)}</p>{pictures}</article>\n"
