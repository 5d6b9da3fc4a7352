"""Views from a file, where there is no token for X: somebody looked them up and says when."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from bot.awards.leaderboard import Count
from bot.awards.links import NoLink, x_link
from bot.awards.problems import Problem
from bot.awards.questionnaire import VIEWS, cells, find_columns
from bot.awards.shares import Imported, moment_of
from bot.awards.sheet import read_sheet
from bot.campaign import Campaign
from bot.errors import UserError
from bot.store import Store
from bot.store.times import to_us

_NUMBER: Final = re.compile(r"[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4}")


def import_views(
    store: Store, campaign: Campaign, raw: bytes, named: Mapping[str, str], at: dt.datetime, who: str, now: dt.datetime
) -> Imported:
    """Counts from a file, read from X at ``at``. A line that names no shared post, or no number, is told with its
    reason; two different counts of one post are both left out. Raises UserError, ConfigError."""
    if at > now:
        raise UserError("counts cannot be from the future")
    sheet = read_sheet(raw)
    with store.transaction():
        moment_of(store, campaign, who, now)
        columns = find_columns(sheet.header, VIEWS, named)
        shared = {share.x_id for share in store.shares.entered()} | store.shares.chains().keys()
        views, problems = _views(cells(sheet, columns), shared, campaign)
        counts = [Count(x_id=x_id, at=at, views=number, failure=None) for x_id, number in views.items()]
        store.shares.count(counts, {}, "file")
        told = tuple(sorted((*sheet.problems, *problems), key=lambda problem: problem.line))
        rows = len(sheet.rows) + len(sheet.problems)
        again = rows - len(counts) - len({problem.line for problem in told})
        digest = hashlib.sha256(raw).hexdigest()
        number = store.shares.begin("views", digest, (rows, len(counts), again), who, now)
        store.shares.note_problems(number, [(problem, None, None) for problem in told])
        fact = {"import": number, "sha256": digest, "rows": rows, "joined": len(counts), "again": again,
                "at": to_us(at), "problems": dict(Counter(problem.code for problem in told)), "who": who}  # fmt: skip
        store.shares.log("shares.views_imported", now, fact)
    return Imported(
        id=number,
        encoding=sheet.encoding,
        columns={field: sheet.header.cells[column] for field, column in columns.items()},
        rows=rows,
        joined=len(counts),
        again=again,
        contested=0,
        problems=told,
    )


def _views(
    lines: Iterable[tuple[int, dict[str, str]]], shared: Collection[str], campaign: Campaign
) -> tuple[dict[str, int], list[Problem]]:
    """Views per post on X, and what is wrong with the other lines."""
    views, first, problems = dict[str, int](), dict[str, int](), list[Problem]()
    torn = set[str]()
    for line, fields in lines:
        x = x_link(fields["x"], campaign.awards.mirrors)
        if isinstance(x, NoLink):
            problems.append(Problem(line=line, code=f"x.{x.fault}", told=fields["x"][:100]))
        elif not _NUMBER.fullmatch(told := unicodedata.normalize("NFKC", fields["views"])):
            problems.append(Problem(line=line, code="views.not_a_number", told=fields["views"][:100]))
        elif x.id not in shared:
            problems.append(Problem(line=line, code="views.not_shared", told=x.id))
        else:
            number = int(told.replace(",", ""))
            if views.setdefault(x.id, number) != number or x.id in torn:
                problems.append(Problem(line=line, code="views.twice", told=f"line {first[x.id]}"))
                if x.id not in torn:
                    problems.append(Problem(line=first[x.id], code="views.twice", told=f"line {line}"))
                torn.add(x.id)
            first.setdefault(x.id, line)
    return {x_id: number for x_id, number in views.items() if x_id not in torn}, problems
