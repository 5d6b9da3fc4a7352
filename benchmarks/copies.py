"""How well copies are told from honest pictures: recall by edit, ranking, false links, costs.

    python -m benchmarks.copies PICTURES WORK [--split test] [--more FOLDER] [--imagededup FOLDER] [--originals N] ...

``PICTURES`` is what ``python -m training.gather`` makes. The history is originals, in-domain pictures
(``in_domain.py``), and other photographs (``--more``: further folders of them; ``--filled``: crops of these, too;
``--small``: small parts of them instead, as many as are asked for and all different).
Queries are every edit (``copy_edits.py``) of every original, and honest pictures: photographs and in-domain pictures
that are in no way in the history. The same queries and history go through the bot's own cascade
(``bot/copies/matching.py``, without its marks' detector) and through whole-picture hashes alone
(``copies_hashes.py``).

Thresholds are chosen on ``--split thresholds`` (``copies_thresholds.py``); the figures are of ``--split test``: other
photographs, other posters, stickers and app. Another ``--seed`` is another run in the same folder.

Everything is appended to files in WORK as it is found, and a run that was stopped goes on where it was; what was seen
in a picture is kept under the detectors' versions, answers until ``--again``. A table of what is there so far is
printed now and then, and alone by ``--report``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.copies_hashes import Hashes
from benchmarks.copies_report import Answer, Answers, printed
from benchmarks.copies_seen import SeenFile
from benchmarks.copies_sets import SPLITS, Query, Sets, Sizes
from bot.campaign import load_campaign
from bot.copies.matching import Item, Matcher, score_of

LOWEST = 0.7
"""Least score of a candidate that ranks at all."""
_EVERY = 300  # answers between two progress lines


def main(arguments: Sequence[str]) -> int:
    """Measure and print tables in Markdown."""
    given = _given(arguments)
    sets = arranged(given)
    given.work.mkdir(parents=True, exist_ok=True)
    answers = answered(given)
    least = {"cascade": score_of(load_campaign().copies.near)}
    hashes = Hashes(given.imagededup)
    least |= {name: 1 - bits / of for name, (of, bits) in hashes.methods.items()}
    if given.again:
        answers.forget()
    known = {answer.name for answer in answers}
    asked = [query for query in sets.queries if query.name not in known]
    if asked and not given.report:
        _ask(asked, sets, hashes, answers, given)
    printed(list(answers), sets, least)
    return 0


def arranged(given: argparse.Namespace) -> Sets:
    """The pictures of a run."""
    sizes = Sizes(
        given.originals, given.honest, given.in_domain, given.distractors, given.filled, given.times, given.small
    )
    return Sets(given.pictures, given.split, given.more, sizes, given.seed)


def answered(given: argparse.Namespace) -> Answers:
    """What a run has answered so far."""
    return Answers(given.work / f"{given.split}-{given.seed}.answers")


def _given(arguments: Sequence[str]) -> argparse.Namespace:
    parser = options("benchmarks.copies")
    parser.add_argument("--imagededup", type=Path, help="folder that imagededup is installed in")
    parser.add_argument("--again", action="store_true", help="forget the answers, not what was seen")
    parser.add_argument("--report", action="store_true", help="only print what there is")
    return parser.parse_args(arguments)


def options(program: str) -> argparse.ArgumentParser:
    """What says which pictures a run is made of."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--more", type=Path, action="append", default=[])
    for name, count in (("originals", 60), ("honest", 1400), ("in-domain", 2400), ("distractors", 7600), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("--times", type=int, default=1, help="kinds in which an honest in-domain picture is asked")
    parser.add_argument("--filled", action="store_true", help="fill the history up with crops of its photographs")
    parser.add_argument("--small", action="store_true", help="a history of small parts of photographs, all different")
    return parser


def _ask(asked: Sequence[Query], sets: Sets, hashes: Hashes, answers: Answers, given: argparse.Namespace) -> None:
    seen = SeenFile(given.work, f"{given.split}-{given.seed}", hashes)
    items = []
    for place, made in enumerate(sets.history):
        one = seen.of(made.name, made.pixels)
        hashes.add(one.hashes)
        items.append(Item(path=str(place), real=made.name, evidence=one.evidence))
        if not (place + 1) % 1000:
            print(f"{time.strftime('%H:%M:%S')} history {place + 1} of {len(sets.history)}", flush=True)
    matcher = Matcher(items, load_campaign(), LOWEST)
    for count, query in enumerate(asked, 1):
        one = seen.of(query.name, query.pixels)
        start = time.thread_time()
        matches = matcher.matches(Item(path="", real="", evidence=one.evidence))
        milliseconds = (time.thread_time() - start) * 1000
        answers.add(
            Answer(
                name=query.name,
                kind=query.kind,
                truth=query.truth,
                found={"cascade": [(m.score, int(m.path)) for m in matches], **hashes.found(one.hashes)},
                milliseconds=round(milliseconds, 2),
            )
        )
        if not count % _EVERY:
            print(f"{time.strftime('%H:%M:%S')} {answers.line(score_of(load_campaign().copies.near))}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
