"""``scan``, ``match``, ``match-text``: looking at local files only. Nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bot.cli.options import Place, as_json, brand_kit, place
from bot.cli.output import _, emit, fitted, progress, remark, say
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.copies.matching import Item, Match
    from bot.media.scan import Outcome
    from detectors.evidence import Point

ANNOTATE = click.option(
    "--annotate", type=click.Path(path_type=Path), metavar="OUT", help="Folder for pictures with what was found."
)
MIN_SCORE = click.option(
    "--min-score",
    type=click.FloatRange(0, 1),
    metavar="S",
    help="Least score, 0..1. Default: the campaign's threshold.",
)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(path_type=Path))
@ANNOTATE
@brand_kit
@as_json
@place(campaign=True)
def scan(place: Place, paths: tuple[Path, ...], annotate: Path | None, kit: str | None, as_json: bool) -> None:
    """Look at local images and videos: brand marks, colours, fingerprints, QR codes.

    A folder stands for every regular file below it, in order. Files that cannot be read are told as such; they are no
    failure.
    """
    from bot.media.walk import files_of

    files = files_of(paths)
    asyncio.run(_scan(place, files, annotate, kit, as_json=as_json))


async def _scan(place: Place, files: Iterable[Path], annotate: Path | None, kit: str | None, *, as_json: bool) -> None:
    from bot.media.scan import scanned

    number = 0
    with progress("files", beside_results=True) as done:
        async for path, outcome in _examined(place, files, kit):
            number += 1
            result = scanned(str(path), outcome, place.campaign.brand)
            emit(result) if as_json else _print(result)
            if annotate is not None:
                _annotate(place, path, outcome, annotate, number)
            done(number)


async def _examined(place: Place, files: Iterable[Path], kit: str | None) -> AsyncIterator[tuple[Path, Outcome]]:
    """Every file through the decoder processes, in order."""
    from bot.engines import examine_in_order
    from bot.engines.patient import PatientEngine
    from bot.wire import evidence_version, open_engine

    name = place.campaign.brand.kit if kit is None else kit
    evidence_version(name)  # a kit that is not sound is told before anything is started
    engine = PatientEngine(open_engine(place.settings_only, name))
    try:
        async for path, outcome in examine_in_order(engine, files, 2 * engine.workers):
            yield path, outcome
    finally:
        await engine.close()


def _print(result: dict[str, Any]) -> None:
    if not result["readable"]:
        say(one_line(f"-      {result['path']}  {result['unreadable']}"))
        return
    brand = result["brand"]
    shown = {True: "yes", False: "no", None: "?"}[brand["present"]]
    marks = ", ".join(f"{m['name']} {m['score']:.2f}" for m in brand["marks"][:4])
    codes = f"  QR {', '.join(result['codes'])}" if result["codes"] else ""
    rest = f"  {result['width']}×{result['height']}  {marks or 'no mark'}  colour {result['colour']:.2f}{codes}"
    say(fitted(one_line(f"{shown:<5}  {result['path']}"), one_line(rest)))


def _annotate(place: Place, path: Path, outcome: Outcome, out: Path, number: int) -> None:
    from bot.engines.preview import pixels
    from bot.media.annotate import best_frame, drawn, outlines, png
    from bot.whole_file import make_folder, write_whole
    from detectors.evidence import MediaEvidence

    make_folder(out)
    if not isinstance(outcome, MediaEvidence):
        return
    frame = best_frame(outcome)
    found = pixels(path, place.settings_only.engine, frame=frame)
    if found is not None:
        image = drawn(*found, outlines(outcome, None if outcome.kind == "image" else frame))
        write_whole(out / f"{number:05d}-{path.stem}.png", [png(image)])


@click.command()
@click.option("--index", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Where originals lie.")
@click.option("--query", required=True, type=click.Path(path_type=Path), metavar="DIR", help="What may repeat them.")
@MIN_SCORE
@ANNOTATE
@brand_kit
@as_json
@place(campaign=True)
def match(
    place: Place,
    index: Path,
    query: Path,
    min_score: float | None,
    annotate: Path | None,
    kit: str | None,
    as_json: bool,
) -> None:
    """Find near-duplicates: for each file below --query, what it repeats below --index, best first.

    The same bytes first, then PDQ in all 8 orientations: scaled, recoloured, mirrored and turned copies; then local
    features, for parts, collages, screenshots and photographs of a screen. Scores compare over all queries;
    --min-score 0 shows every candidate looked at. A file never matches itself.
    """
    from bot.media.walk import check_folder

    check_folder(index)
    check_folder(query)
    asyncio.run(_match(place, index, query, min_score, annotate, kit, as_json=as_json))


async def _match(
    place: Place,
    index: Path,
    query: Path,
    min_score: float | None,
    annotate: Path | None,
    kit: str | None,
    *,
    as_json: bool,
) -> None:
    from bot.copies.matching import Matcher
    from bot.media.scan import why_unreadable
    from bot.media.walk import files_below

    items = [item for _, item, _ in [found async for found in _items(place, index, files_below(index), kit)] if item]
    matcher = Matcher(items, place.campaign, min_score)
    number = 0
    with progress("queries", beside_results=True) as done:
        async for path, item, outcome in _items(place, query, files_below(query), kit):
            number += 1
            matches = [] if item is None else matcher.matches(item)
            name = path.relative_to(query).as_posix()
            if as_json:
                found = [msgspec.to_builtins(m) for m in matches]
                emit({"query": name, "matches": found, "unreadable": why_unreadable(outcome)})
            else:
                _print_matches(name, matches, why_unreadable(outcome))
            if annotate is not None and item is not None and matches:
                _side_by_side(
                    place, path, index / matches[0].path, annotate, number, matcher.agreeing(item, matches[0])
                )
            done(number)


async def _items(
    place: Place, folder: Path, files: Iterable[Path], kit: str | None
) -> AsyncIterator[tuple[Path, Item | None, Outcome]]:
    """Every file below a folder, with its item where it could be read."""
    from bot.copies.matching import Item
    from detectors.evidence import MediaEvidence

    async for path, outcome in _examined(place, files, kit):
        item = None
        if isinstance(outcome, MediaEvidence):
            real = str(path.resolve())
            item = Item(path=path.relative_to(folder).as_posix(), real=real, evidence=outcome)
        yield path, item, outcome


def _print_matches(name: str, matches: Sequence[Match], unreadable: str | None) -> None:
    say(one_line(name if unreadable is None else f"{name}  {unreadable}"))
    for m in matches:
        distance = "" if m.distance is None else f"  {m.distance}/256"
        inliers = "" if m.inliers is None else f"  {m.inliers} points"
        say(one_line(f"  {m.score:.4f}  {m.kind:<7}  {m.path}{distance}{inliers}"))


def _side_by_side(
    place: Place, query: Path, found: Path, out: Path, number: int, agreeing: Sequence[tuple[Point, Point]]
) -> None:
    from bot.engines.preview import pixels
    from bot.media.annotate import drawn, png, side_by_side
    from bot.whole_file import make_folder, write_whole

    make_folder(out)
    left, right = (pixels(path, place.settings_only.engine) for path in (query, found))
    if left is not None and right is not None:
        image = side_by_side(drawn(*left, []), drawn(*right, []), agreeing)
        write_whole(out / f"{number:05d}-{query.stem}.png", [png(image)])
        remark(_("wrote {file}").format(file=out / f"{number:05d}-{query.stem}.png"))


@click.command("match-text")
@click.option("--index", required=True, metavar="FILE", help="JSON Lines of {id, text}.")
@click.option("--query", required=True, metavar="FILE", help="The same; - for standard input.")
@MIN_SCORE
@as_json
@place(campaign=True)
def match_text(place: Place, index: str, query: str, min_score: float | None, as_json: bool) -> None:
    """Find near-duplicates of texts: for each text of --query, what it repeats in --index, best first.

    Hashtags, links and boilerplate are left out of the comparison. The score is the similarity of the two stories by
    edits, 0..1. A text never matches itself.
    """
    from bot.copies.matching import TextMatcher
    from bot.copies.texts_file import read_texts

    indexed, queries = read_texts(index), read_texts(query)
    least = place.campaign.copies.text if min_score is None else min_score
    matcher = TextMatcher(indexed, least)
    for text in queries:
        matches = matcher.matches(text)
        if as_json:
            emit({"query": text.id, "matches": [msgspec.to_builtins(m) for m in matches]})
        else:
            say(one_line(str(text.id)))
            for m in matches:
                say(one_line(f"  {m.score:.4f}  {m.id}"))
