"""The list of winners as people read it: Markdown, HTML, CSV and JSON, in Chinese and English. Pure.

Nicknames are strangers' text: masked as chosen, and escaped for each form.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_args

import jinja2

from bot.awards.allocation import Award, Tier
from bot.awards.basis import Basis, Change
from bot.campaign.prizes import Form, Method, Prize
from bot.reasons import REASONS, Lang, label
from bot.text_safety import csv_cell, one_line, shortened
from detectors.evidence import Value

Names = Literal["masked", "full", "hidden"]
LANGUAGES: Final[tuple[Lang, ...]] = get_args(Lang)
_ENGLISH_FIRST: Final[tuple[Lang, Lang]] = ("en", "zh")  # columns of a sheet

_WORDS: Final = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
_LONGEST: Final = 40  # terminal cells of a whole nickname
_TAIL: Final = 4  # characters of a post's id that are shown where names are not
_MARKDOWN: Final = re.compile(
    r"([\\`*_\[\]<>|~&]|(?<=[^\W\d_])[:.@](?=[\w/]))"
)  # the last: what makes a link of bare text
_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)


class Listed(Value):
    """One winner as published. ``name`` and ``post`` are masked as chosen already."""

    tier: str
    place: int
    name: str
    post: str
    prize: dict[Lang, str]
    by: dict[Lang, str]


class Page(Value):
    """Everything that is published, before it is written out. ``statistics``: names without ``stat_`` to counts."""

    campaign: str
    titles: dict[Lang, str]
    frozen_at: dt.datetime
    tiers: tuple[tuple[str, int], ...]
    winners: tuple[Listed, ...]
    changes: tuple[Change, ...]
    statistics: dict[str, int]
    reasons: dict[str, int]
    evidence: str
    commitment: str | None


def masked(nickname: str | None, post_id: str, names: Names) -> str:
    """A nickname as it may be shown: whole; or its first and last character; else nothing but stars.

    >>> masked("satoshi", "1", "masked"), masked("张三", "1", "masked"), masked("张三", "1", "hidden")
    ('s***i', '张***', '***')
    """
    text = "" if nickname is None else one_line(nickname.strip())
    if names == "full" and text:
        return shortened(text, _LONGEST)
    plain = [character for character in nickname or "" if character.isalnum()]
    if names == "hidden" or not plain:
        return "***"
    return f"{plain[0]}***{plain[-1] if len(plain) > 2 else ''}"


def shown_post(post_id: str, names: Names) -> str:
    """A post's id whole where names are, else its end: enough for its author to know it."""
    return one_line(post_id) if names == "full" else f"…{one_line(post_id)[-_TAIL:]}"


def listed(award: Award, prize: Prize, basis: Basis, nickname: str | None, names: Names) -> Listed:
    """A winner's row."""
    return Listed(
        tier=award.tier,
        place=award.place,
        name=masked(nickname, award.post_id, names),
        post=shown_post(award.post_id, names),
        prize={lang: _prize(prize, award.form, lang) for lang in LANGUAGES},
        by={lang: _by(award, prize.method, basis, lang) for lang in LANGUAGES},
    )


def files(page: Page) -> dict[str, bytes]:
    """File name to content."""
    found = {f"winners.{lang}.md": _markdown(page, lang).encode() for lang in LANGUAGES}
    found |= {f"winners.{lang}.html": _html(page, lang).encode() for lang in LANGUAGES}
    found["winners.csv"] = _csv(page).encode("utf-8-sig")  # so that spreadsheets read it as UTF-8
    found["statistics.csv"] = _statistics_csv(page).encode("utf-8-sig")
    found["winners.json"] = (json.dumps(_object(page), ensure_ascii=False, indent=1) + "\n").encode()
    return found


def delivery(
    tiers: Sequence[Tier], prizes: Mapping[str, Prize], owners: Mapping[str, tuple[str | None, str | None]]
) -> bytes:
    """What whoever sends the prizes needs, and no more: the account to write to, and what it gets. CSV. ``owners``: of
    each post the account, and only where none is known the person whom a moderator named."""
    rows: list[list[object]] = [["tier", "place", "post_id", "author_id", "person", "form", "prize", "prize_zh"]]
    rows += [
        [
            a.tier,
            a.place,
            a.post_id,
            *owners[a.post_id],
            a.form,
            *(_prize(prizes[a.tier], a.form, lang) for lang in _ENGLISH_FIRST),
        ]
        for tier in tiers
        for a in tier.awards
    ]
    return _written(rows).encode("utf-8-sig")


def problem_name(code: str, about: str, lang: Lang) -> str:
    """What keeps winners from being frozen, in words."""
    return str(_WORDS["problems"][lang][code]).format(about=about)


def tier_name(tier: str, lang: Lang) -> str:
    """A tier's name for people; its name in the campaign file where no other is known."""
    return str(_WORDS["tiers"][lang].get(tier, tier))


def _prize(prize: Prize, form: Form | None, lang: Lang) -> str:
    if form is None:
        return str(_WORDS[lang]["open"])
    if form == "voucher":
        return str(_WORDS[lang]["voucher"]).format(amount=prize.voucher)
    return prize.goods_zh if lang == "zh" and prize.goods_zh is not None else prize.goods


def _by(award: Award, method: Method, basis: Basis, lang: Lang) -> str:
    words: dict[str, str] = _WORDS[lang]
    if method == "judged":
        score = basis.scores[award.post_id]
        return words["judged"].format(score=f"{score.score:.1f}", error=f"{score.error:.1f}", scores=score.scores)
    if method == "draw":
        return words["draw"].format(rank=award.rank)
    return words["views"].format(views=f"{basis.views[award.post_id]:,}")


def _filled(page: Page, lang: Lang) -> dict[str, str]:
    words: dict[str, str] = dict(_WORDS[lang])
    words["title"] = words["title"].format(campaign=page.titles[lang])
    words["frozen"] = words["frozen"].format(at=page.frozen_at.isoformat(sep=" ", timespec="seconds"))
    return words


def _statistics(page: Page, lang: Lang) -> list[tuple[str, int]]:
    return [(_WORDS[lang][f"stat_{name}"], count) for name, count in page.statistics.items()]


def _reasons(page: Page, lang: Lang) -> list[tuple[str, int]]:
    return [(reason_name(code, lang), count) for code, count in page.reasons.items()]


def reason_name(code: str, lang: Lang) -> str:
    """The short name of a reason code."""
    return label(code, lang) if code in REASONS else code


def change_name(change: Change, lang: Lang) -> str:
    """What a person did after the freeze, in words."""
    words: dict[str, str] = _WORDS[lang]
    if change.kind == "confirmed":
        return words["confirmed"]
    return words["disqualified"].format(reason=reason_name(change.reason or "", lang))


def _changes(page: Page, lang: Lang) -> list[str]:
    found = []
    for change in page.changes:
        at = change.at.astimezone(page.frozen_at.tzinfo).isoformat(sep=" ", timespec="seconds")
        found.append(f"{at}  …{change.post_id[-_TAIL:]}  {change_name(change, lang)}")
    return found


def _html(page: Page, lang: Lang) -> str:
    return _TEMPLATES.get_template("winners.html").render(
        lang=lang,
        words=_filled(page, lang),
        other_file=f"winners.{'en' if lang == 'zh' else 'zh'}.html",
        tiers=[
            {
                "name": tier_name(tier, lang),
                "count": count,
                "rows": [
                    {"place": w.place, "name": w.name, "post": w.post, "prize": w.prize[lang], "by": w.by[lang]}
                    for w in page.winners
                    if w.tier == tier
                ],
            }
            for tier, count in page.tiers
        ],
        statistics=_statistics(page, lang),
        reasons=_reasons(page, lang),
        changes=_changes(page, lang),
        evidence=page.evidence,
        commitment=page.commitment or "-",
    )


def _markdown(page: Page, lang: Lang) -> str:
    words = _filled(page, lang)
    lines = [f"# {_md(words['title'])}", "", _md(words["frozen"]), ""]
    for tier, count in page.tiers:
        rows = [w for w in page.winners if w.tier == tier]
        lines += [f"## {_md(tier_name(tier, lang))} ({len(rows)}/{count})", ""]
        head = [words[name] for name in ("place", "winner", "post", "prize", "reason")]
        lines += _table(head, [[w.place, w.name, w.post, w.prize[lang], w.by[lang]] for w in rows])
    lines += [f"## {words['statistics']}", "", *_table(["", words["count"]], _statistics(page, lang))]
    lines += [f"## {words['reasons']}", "", *_table(["", words["count"]], _reasons(page, lang))]
    lines += [f"## {words['changes']}", ""]
    lines += [f"- {_md(change)}" for change in _changes(page, lang)] or [words["none"]]
    lines += [
        "",
        f"{words['evidence']}: `{page.evidence}`",
        "",
        f"{words['commitment']}: `{page.commitment or '-'}`",
        "",
    ]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    made = [f"| {' | '.join(_md(cell) for cell in row)} |" for row in [head, *rows]]
    return [made[0], f"|{' --- |' * len(head)}", *made[1:], ""]


def _md(value: object) -> str:
    """Text with everything escaped that Markdown or HTML in it would read."""
    return _MARKDOWN.sub(r"\\\1", one_line(str(value))).replace("\\<", "&lt;").replace("\\>", "&gt;")


def _csv(page: Page) -> str:
    rows: list[list[object]] = [
        ["tier", "place", "name", "post", "prize", "prize_zh", "by", "by_zh", "tier_name", "tier_name_zh"]
    ]
    for w in page.winners:
        name = {lang: tier_name(w.tier, lang) for lang in LANGUAGES}
        told = [words[lang] for words in (w.prize, w.by, name) for lang in _ENGLISH_FIRST]
        rows.append([w.tier, w.place, w.name, w.post, *told])
    return _written(rows)


def _statistics_csv(page: Page) -> str:
    rows: list[list[object]] = [["name", "label", "label_zh", "count"]]
    for names, labelled in ((page.statistics, _statistics), (page.reasons, _reasons)):
        english, chinese = (labelled(page, lang) for lang in _ENGLISH_FIRST)
        rows += [[name, en, zh, n] for name, (en, n), (zh, _) in zip(names, english, chinese, strict=True)]
    return _written(rows)


def _written(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([csv_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _object(page: Page) -> dict[str, Any]:
    return {
        "campaign": page.campaign,
        "title": page.titles,
        "tiers": [
            {"tier": tier, "count": count, "name": {lang: tier_name(tier, lang) for lang in LANGUAGES}}
            for tier, count in page.tiers
        ],
        "frozen_at": page.frozen_at.isoformat(),
        "evidence": page.evidence,
        "commitment": page.commitment,
        "winners": [
            {"tier": w.tier, "place": w.place, "name": w.name, "post": w.post, "prize": w.prize, "by": w.by}
            for w in page.winners
        ],
        "changes": {lang: _changes(page, lang) for lang in LANGUAGES},
        "statistics": page.statistics,
        "reasons": page.reasons,
    }
