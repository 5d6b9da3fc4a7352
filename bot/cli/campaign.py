"""``campaign check`` and ``replay``: campaign files, before they decide anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from bot.cli.options import Place, as_json, debug, language, place
from bot.cli.output import _, emit, progress, remark, say
from bot.errors import ConfigError
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.reasons import Lang


@click.group()
def campaign() -> None:
    """Check a campaign file."""


@campaign.command()
@click.argument("file", metavar="FILE")
@as_json
@debug
def check(file: str, as_json: bool) -> None:
    """Say what is wrong with a campaign file, each problem with file, line and key; exit 2 if anything is."""
    from bot.campaign import check_campaign, load_campaign

    problems = check_campaign(file)
    if as_json:
        emit({"file": file, "sound": not problems, "problems": problems})
    else:
        for problem in problems:
            say(one_line(problem))
    if problems:
        raise ConfigError(f"{file}: {len(problems)} {'problem' if len(problems) == 1 else 'problems'}")
    if not as_json:
        loaded = load_campaign(file)
        told = _("{file} is sound: {name}, version {version}")
        say(one_line(told.format(file=file, name=loaded.name, version=loaded.version)))


@click.command()
@click.option(
    "--pictures", type=click.Path(path_type=Path), metavar="OUT", help="Write a page here that shows what would flip."
)
@language
@as_json
@place(campaign=True)
def replay(place: Place, pictures: Path | None, lang: Lang, as_json: bool) -> None:
    """Judge the stored evidence again under another campaign file (--campaign), and list what would flip.

    Works on a copy and changes nothing. Decisions by people count as they stand. Posts that were no entries before have
    media nobody looked at; they come out as media.unavailable.
    """
    from bot.reports.flip_sheet import write_sheet
    from bot.reports.replay import replay
    from bot.store.opening import open_blobs, opened, reading
    from bot.wire import evidence_version

    with opened(place.settings) as store, progress(_("judging")) as tell:
        replayed = replay(store, place.campaign, evidence_version(place.campaign.brand.kit), tell)
    for flip in replayed.flips:
        if as_json:
            emit(msgspec.to_builtins(flip))
        else:
            before, after = (
                ", ".join(dict.fromkeys(r["code"] for r in reasons)) or "nothing"
                for reasons in (flip.reasons_before, flip.reasons_after)
            )
            say(one_line(f"{flip.post_id}  {flip.before} -> {flip.after}  ({before} -> {after})"))
    told = _("{count} of {posts} posts would flip").format(count=len(replayed.flips), posts=replayed.posts)
    if pictures is not None:
        with reading(place.settings) as store:
            blobs = open_blobs(place.settings)
            page = write_sheet(pictures, replayed.flips, told, store, blobs, place.settings.engine, lang)
        remark(_("wrote {file}").format(file=page))
    remark(told)
    if replayed.unseen:
        remark(_("{count} posts have media that nobody looked at").format(count=replayed.unseen))
