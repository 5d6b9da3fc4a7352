"""``campaign check`` and ``replay``: campaign files, before they decide anything."""

from __future__ import annotations

import click
import msgspec

from bot.cli.options import Place, as_json, debug, place
from bot.cli.output import _, emit, progress, remark, say
from bot.errors import ConfigError
from bot.text_safety import one_line


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
        say(one_line(f"{file} is sound: {loaded.name}, version {loaded.version}"))


@click.command()
@as_json
@place(campaign=True)
def replay(place: Place, as_json: bool) -> None:
    """Judge the stored evidence again under another campaign file (--campaign), and list what would flip.

    Works on a copy and changes nothing. Decisions by people count as they stand. Posts that were no entries before have
    media nobody looked at; they come out as media.unavailable.
    """
    from bot.replay import replay
    from bot.store.opening import opened
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
    words = _("{count} of {posts} posts would flip")
    remark(words.format(count=len(replayed.flips), posts=replayed.posts))
    if replayed.unseen:
        remark(_("{count} posts have media that nobody looked at").format(count=replayed.unseen))
