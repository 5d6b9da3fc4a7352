"""``bank add``, ``bank list``, ``bank remove``: what everybody shares."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.options import Place, as_json, by, place
from bot.cli.output import _, emit, remark, say, table
from bot.errors import UserError
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.store import Store
    from detectors.evidence import MediaEvidence


@click.group()
def bank() -> None:
    """Keep the bank of pictures that everybody shares: no copy rests on one of them.

    Posts that show such a picture are judged again when it is added or removed.
    """


@bank.command("list")
@as_json
@place()
def list_(place: Place, as_json: bool) -> None:
    """List the bank."""
    from bot.copies.bank import listed
    from bot.store.opening import reading

    with reading(place.settings) as store:
        found = listed(store)
    if as_json:
        for b in found:
            emit({"sha256": b.sha256, "label": b.label, "kind": b.kind, "pdq": list(b.pdqs)})
    else:
        table(("sha256", "kind", "label"), [(b.sha256[:16], b.kind, b.label) for b in found])


@bank.command()
@click.argument("pictures", nargs=-1, required=True, metavar="PATH-OR-POST…")
@click.option("--official", is_flag=True, help="The operators' own picture, such as a poster.")
@click.option("--label", metavar="TEXT", help="What to call it. Default: the file's name, or 'post ID'.")
@by
@as_json
@place(campaign=True)
def add(place: Place, pictures: tuple[str, ...], official: bool, label: str | None, who: str, as_json: bool) -> None:
    """Put pictures in the bank: files, or all pictures of posts."""
    from bot.copies import bank
    from bot.copies.relate import Relater
    from bot.store.opening import opened
    from bot.store.times import to_us
    from bot.wire import evidence_version

    kind, now = "official" if official else "common", dt.datetime.now(dt.UTC)
    with opened(place.settings) as store:
        named = [found for text in dict.fromkeys(pictures) for found in _pictures(place, store, text)]
        relater = Relater(store, place.campaign, evidence_version(place.campaign.brand.kit))
        touched: set[str] = set()
        with store.transaction():
            for number, (name, evidence) in enumerate(named, 1):
                called = name if label is None else label if len(named) == 1 else f"{label} {number}"
                near = place.campaign.copies.near
                touched |= bank.add(store, relater, evidence, called, kind, near, who, now)
                _tell({"added": evidence.sha256, "label": called, "kind": kind}, as_json=as_json)
            store.work.add(sorted(touched), to_us(now))
    _judge_again(place, touched)


@bank.command()
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE…")
@by
@as_json
@place(campaign=True)
def remove(place: Place, pictures: tuple[str, ...], who: str, as_json: bool) -> None:
    """Take pictures out of the bank: copies may rest on them again.

    PICTURE is a label, a SHA-256 or its beginning, or the path or the post that was added.
    """
    from bot.copies import bank
    from bot.copies.relate import Relater
    from bot.store.opening import opened
    from bot.store.times import to_us
    from bot.wire import evidence_version

    now = dt.datetime.now(dt.UTC)
    with opened(place.settings) as store:
        relater = Relater(store, place.campaign, evidence_version(place.campaign.brand.kit))
        touched: set[str] = set()
        with store.transaction():
            for text in dict.fromkeys(pictures):
                for banked in bank.find(store, text):
                    touched |= bank.remove(store, relater, banked, who, now)
                    _tell({"removed": banked.sha256, "label": banked.label, "kind": banked.kind}, as_json=as_json)
            store.work.add(sorted(touched), to_us(now))
    _judge_again(place, touched)


def _pictures(place: Place, store: Store, text: str) -> Iterable[tuple[str, MediaEvidence]]:
    """The pictures that an argument means, each with a label. Raises UserError."""
    from bot.reports.export import Exporter
    from bot.review import find
    from detectors.evidence import MediaEvidence

    path = Path(text)
    if path.is_file():
        yield path.name, asyncio.run(_examined(place, path))
        return
    case = Exporter(store, place.campaign).case(find(store, text).post_id)
    seen = [] if case is None else [item.result for item in case.looked if isinstance(item.result, MediaEvidence)]
    pictures = [evidence for evidence in seen if evidence.kind == "image"]
    if not pictures:
        raise UserError(f"post {text} has no picture that was looked at")
    for number, evidence in enumerate(pictures):
        yield f"post {text}" + (f" picture {number}" if len(pictures) > 1 else ""), evidence


async def _examined(place: Place, path: Path) -> MediaEvidence:
    from bot.wire import open_engine
    from detectors.evidence import MediaEvidence

    engine = open_engine(place.settings, place.campaign.brand.kit)
    try:
        examined = await engine.examine(path)
    finally:
        await engine.close()
    if not isinstance(examined, MediaEvidence):
        raise UserError(f"{path} cannot be read: {examined.reason}")
    return examined


def _judge_again(place: Place, touched: set[str]) -> None:
    from bot.cli.quiet import quiet
    from bot.clock import SystemClock
    from bot.handover import settle

    if touched:
        quiet(place.settings)
        asyncio.run(settle(place.settings, place.campaign, SystemClock(), sorted(touched)))
        remark(_("{count} posts judged again").format(count=len(touched)))


def _tell(facts: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        emit(facts)
    else:
        word, sha256 = next(iter(facts.items()))
        say(one_line(f"{word} {sha256[:16]}  {facts['kind']}  {facts['label']}"))
