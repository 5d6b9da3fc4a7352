"""``judge``: admit judges, hand out posts blind, take marks, show the ranking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from bot.cli.options import Place, as_json, by, language, person, place
from bot.cli.output import _, emit, remark, say, spoken, styled, table
from bot.cli.review import PICTURES, THEME, desk_of, needs_terminal, setting_of
from bot.text_safety import one_line, rows

if TYPE_CHECKING:
    from bot.reasons import Lang
    from bot.store import Store

CODE = click.argument("code", metavar="CODE")


def _marks(ctx: click.Context, argument: click.Parameter, values: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        name, _, mark = value.partition("=")
        if name in found or not mark.isascii() or not mark.isdigit() or len(mark) > 3:
            raise click.BadParameter(f"{value!r}: write CRITERION=NUMBER, each criterion once")
        found[name] = int(mark)
    return found


@click.group()
def judge() -> None:
    """Score eligible posts by the campaign's rubric.

    Judges are blind: "judge next" shows a post under a code, without id, author or others' scores, in a random order of
    the judge's own; "judge score" takes a mark from 0 to 10 for each criterion.
    """


@judge.command()
@click.argument("name", metavar="NAME")
@click.option("--account", metavar="AUTHOR-ID", help="The judge's own on the square: their posts never come to them.")
@as_json
@place(campaign=True)
def add(place: Place, name: str, account: str | None, as_json: bool) -> None:
    """Admit a judge, here and on the page: whoever has no login yet gets a token, printed once.

    "moderators add NAME --role judge" does the same, but knows no account.
    """
    from bot.awards.panel import Panel
    from bot.review.moderators import name_moderator
    from bot.store.opening import opened

    name = person(name, "NAME")
    with opened(place.settings) as store, store.transaction():
        new = Panel(store, place.campaign).add(name, account, _now())
        role = store.moderators.role(name)
        token = None if role is not None else name_moderator(store, name, "judge", _now())
    if as_json:
        emit({"judge": name, "account": account, "new": new, "token": token})
        return
    words = _("{name} is a judge; posts of {account} are kept from them") if account else _("{name} is a judge")
    say(one_line(words.format(name=name, account=account)))
    if token is not None:
        say(_("login token for the page, shown only now: {token}").format(token=token))
    elif role != "judge":
        remark(
            one_line(_("{name} logs in to the page as {role}, and so cannot judge there").format(name=name, role=role))
        )


@judge.command("next")
@by
@as_json
@place(campaign=True)
def next_(place: Place, who: str, as_json: bool) -> None:
    """Show the next post to score: of those with the fewest scores, one at random. It is kept for you for a while."""
    from bot.awards.panel import Panel
    from bot.store.opening import open_blobs, opened

    with opened(place.settings) as store, store.transaction():
        panel = Panel(store, place.campaign)
        record = panel.next(who, _now())
        sheet = None if record is None else panel.sheet(record, who, open_blobs(place.settings))
        left = panel.standing(who)[1]
    if sheet is None and left:
        remark(_("Other judges have the rest before them just now: ask again in a while."))
    elif sheet is None:
        remark(_("Nothing is left for you to score. Thank you."))
    elif as_json:
        emit(sheet)
    else:
        _print(sheet)


def _print(sheet: dict[str, Any]) -> None:
    say(styled(f"{_('post')} {sheet['code']}", bold=True))
    for row in [*(rows(sheet["title"]) if sheet["title"] else []), *rows(sheet["text"] or "")]:
        say(f"  {row}")
    for path in sheet["media"]:
        say(one_line(_("  media: {path}").format(path=path)))
    counted = {"likes": _("likes"), "comments": _("comments"), "views": _("views")}
    counters = [f"{sheet[name]} {word}" for name, word in counted.items() if sheet[name] is not None]
    if counters:
        say(f"  {', '.join(counters)}")
    say("")
    say(one_line(f"judge score {sheet['code']} " + " ".join(f"{name}=0..{sheet['most']}" for name in sheet["rubric"])))


@judge.command()
@THEME
@PICTURES
@by
@language
@place(campaign=True)
def review(place: Place, theme: str | None, pictures: str | None, who: str, lang: Lang) -> None:
    """Score in the terminal, blind: digits mark, Enter keeps and shows the next post.

    The same is on the page of 'gatewarden serve', for whoever has the role judge.
    """
    needs_terminal("judge review needs a terminal; through a pipe use 'judge next' and 'judge score'")
    from bot.awards.panel import Panel
    from bot.store.opening import reading

    with reading(place.settings) as store:
        Panel(store, place.campaign).standing(who)  # whoever is no judge is told so before the screen is taken
    setting = setting_of(place, who, lang, theme, pictures)
    from bot.review.tui.judge import JudgeApp

    app = JudgeApp(setting, dict(place.campaign.rubric), desk_of(place, setting))
    app.run()
    if app.failure is not None:
        raise app.failure


@judge.command()
@CODE
@click.argument("marks", nargs=-1, required=True, callback=_marks, metavar="CRITERION=MARK…")
@by
@as_json
@place(campaign=True)
def score(place: Place, code: str, marks: dict[str, int], who: str, as_json: bool) -> None:
    """Give a post its marks, 0 to 10 each; given again, they replace the earlier ones."""
    from bot.awards.panel import Panel
    from bot.store.opening import opened

    with opened(place.settings) as store, store.transaction():
        Panel(store, place.campaign).score(code, marks, who, _now())
    _tell(code, who, marks, as_json=as_json)


@judge.command()
@CODE
@by
@as_json
@place(campaign=True)
def recuse(place: Place, code: str, who: str, as_json: bool) -> None:
    """Stand back from a post, where you know its author or have another stake in it."""
    from bot.awards.panel import Panel
    from bot.store.opening import opened

    with opened(place.settings) as store, store.transaction():
        Panel(store, place.campaign).recuse(code, who, _now())
    _tell(code, who, None, as_json=as_json)


@judge.command()
@as_json
@place(campaign=True)
def status(place: Place, as_json: bool) -> None:
    """Say how far each judge is, and how many posts still need scores."""
    from bot.awards.panel import Panel
    from bot.store.opening import reading

    with reading(place.settings) as store:
        panel = Panel(store, place.campaign)
        progress, missing = panel.progress(), panel.missing()
    if as_json:
        for name, counts in progress.items():
            emit({"judge": name, **counts, "missing_posts": len(missing), "missing_scores": sum(missing.values())})
        return
    table(
        (_("judge"), _("posts scored"), _("stood back")), [(n, c["scored"], c["recused"]) for n, c in progress.items()]
    )
    words = _("{posts} posts still need {scores} scores")
    remark(words.format(posts=len(missing), scores=sum(missing.values())))


@judge.command()
@as_json
@place(campaign=True)
def ranking(place: Place, as_json: bool) -> None:
    """List the posts by score. Not for judges who still score."""
    from bot.store.opening import reading

    with reading(place.settings) as store:
        found = _ranked(store, place)
    if as_json:
        for row in found:
            emit(row)
        return
    head = (_("rank"), _("score"), "±", _("ranks"), _("scores"), _("post"))
    table(
        head,
        [
            (
                r["rank"],
                f"{r['score']:.1f}",
                f"{r['error']:.1f}",
                f"{r['best']}-{r['worst']}",
                r["scores"],
                r["post_id"],
            )
            for r in found
        ],
    )


def _ranked(store: Store, place: Place) -> list[dict[str, Any]]:
    import msgspec

    from bot.awards.panel import Panel

    return [msgspec.to_builtins(standing) for standing in Panel(store, place.campaign).ranking()]


def _tell(code: str, who: str, marks: dict[str, int] | None, *, as_json: bool) -> None:
    from bot.i18n import translator

    if as_json:
        emit({"code": code, "judge": who, "marks": marks, "recused": marks is None})
    else:
        named = translator(spoken())  # a campaign may have criteria of its own, which nobody translated
        words = _("stands back") if marks is None else ", ".join(f"{named(name)} {m}" for name, m in marks.items())
        say(one_line(f"{code}  {who}: {words}"))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
