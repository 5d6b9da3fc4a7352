"""What can be wrong with an answer to the questionnaire, or with a post on X that was to be counted. Pure.

A code is stable: add, never rename. Each has words for operators, in English and Chinese.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from detectors.evidence import Value


class Words(NamedTuple):
    """A problem in words."""

    en: str
    zh: str


PROBLEMS: Final[dict[str, Words]] = {
    # the row itself
    "row.quotes": Words("the quotes of this row do not close", "本行的引号没有闭合"),
    "row.cells": Words("more cells than columns", "单元格数多于列数"),
    "row.too_long": Words("longer than any answer", "本行过长，不是正常的答卷"),
    # the link to the post on the square
    "post.no_link": Words("no link to a post on the square", "没有填写广场帖子链接"),
    "post.too_long": Words("far more text than a link", "填写内容过长，不是链接"),
    "post.not_a_link": Words("no link, or unclear where it ends", "不是链接，或无法判断链接在哪里结束"),
    "post.short_link": Words("a shortened link: the post's own is needed", "这是短链接，需要帖子的完整链接"),
    "post.other_site": Words("a link to another site", "链接指向其他网站"),
    "post.not_a_post": Words("a page of the square, but no post", "是广场页面，但不是帖子"),
    "post.bad_id": Words("the post's number is damaged", "帖子编号有误"),
    "post.two_links": Words("several links that name different things", "填写了多个指向不同内容的链接"),
    "post.wrong_column": Words("a link to X where the post on the square belongs", "应填广场帖子，却填了 X 链接"),
    "post.unknown": Words("no such post is known here", "系统中没有这篇帖子"),
    "post.waiting": Words("the post is known but not judged yet: import again later", "帖子尚未判定，请稍后重新导入"),
    "post.deleted": Words("the post was deleted", "帖子已删除"),
    "post.early": Words("posted before the campaign began", "帖子发布于活动开始之前"),
    "post.late": Words("posted after the campaign ended", "帖子发布于活动结束之后"),
    # who answered
    "author.missing": Words("no account id", "没有填写账号 ID"),
    "author.damaged": Words("the account id was damaged by a spreadsheet", "账号 ID 已被表格软件损坏（如科学计数法）"),
    "author.unknown": Words("no source says whose post it is", "尚无来源说明帖子作者"),
    "author.other": Words("the post is another account's", "帖子属于其他账号"),
    # the link to the post on X
    "x.no_link": Words("no link to a post on X", "没有填写 X（推特）链接"),
    "x.too_long": Words("far more text than a link", "填写内容过长，不是链接"),
    "x.not_a_link": Words("no link, or unclear where it ends", "不是链接，或无法判断链接在哪里结束"),
    "x.short_link": Words("a shortened link: the post's own is needed", "这是短链接，需要推文的完整链接"),
    "x.other_site": Words("a link to another site", "链接指向其他网站"),
    "x.not_a_post": Words("a page of X, but no post", "是 X 页面，但不是推文"),
    "x.bad_id": Words("the number of the post on X is damaged", "推文编号有误"),
    "x.two_links": Words("several links that name different things", "填写了多个指向不同内容的链接"),
    "x.wrong_column": Words("a link to the square where the post on X belongs", "应填 X 链接，却填了广场帖子"),
    "x.early": Words("the post on X is from before the campaign began", "推文发布于活动开始之前"),
    "x.late": Words("the post on X is from after the campaign ended", "推文发布于活动结束之后"),
    "x.future": Words("the post on X would be from the future: no such number exists", "推文编号来自未来，不存在"),
    "x.other_user": Words("the link names another X account than the answer", "链接中的 X 账号与所填账号不一致"),
    # more than once
    "twice.same": Words("the same answer as an earlier row", "与前面某行重复"),
    "twice.post": Words("this post was already shared with another post on X", "该帖子已登记过另一条推文"),
    "twice.x": Words("this post on X already counts for another post of theirs", "该推文已用于其本人的另一篇帖子"),
    "x.contested": Words("several people claim this post on X: a person decides", "多人填写了同一条推文，需人工判定"),
    # what X says when it is counted
    "x.deleted": Words("the post on X does not exist (any more)", "推文不存在或已删除"),
    "x.protected": Words(
        "the X account is protected or suspended (X tells them no further apart)",
        "推特账号受保护或已被封禁（X 不作区分）",
    ),
    "x.unreadable": Words("X gave an error that it does not document", "X 返回了未说明的错误"),
    "x.no_count": Words("X shows the post without a count of views", "X 未给出浏览量"),
    "x.same_chain": Words("a version of a post on X that counts already", "与已登记的推文是同一条的不同编辑版本"),
    # why a share has no place
    "x.unrelated": Words(
        "the post on X has neither the hashtag nor a link to the post: a person decides",
        "推文既没有带活动话题，也没有链接到该帖子，需人工判定",
    ),
    "x.same_account": Words(
        "its X account shares for several people: a person decides", "同一 X 账号为多人分享，需人工判定"
    ),
    "post.review": Words("the post still waits for a person", "帖子仍在人工审核中"),
    "post.ineligible": Words("the post was not accepted", "帖子未通过审核"),
    "share.dropped": Words("a person decided that this share does not count", "人工判定该分享不计入"),
    "x.unmeasured": Words("the post on X was not counted at the moment", "在统计时刻没有取得该推文的浏览量"),
    "x.own_better": Words("the same person has a better place", "同一人已有更高名次"),
    # what is wrong with a line of a file of views
    "views.not_a_number": Words("the views are no whole number", "浏览量不是整数"),
    "views.not_shared": Words("nobody entered this post on X", "没有人登记过这条推文"),
    "views.twice": Words("two different counts of one post on X", "同一条推文有两个不同的浏览量"),
}
"""Every code with its words."""


class Problem(Value):
    """One thing wrong with one line. ``line`` counts from 1, the header included. ``told``: what the cell said, or the
    other line or post that it collides with; never longer than a row of a list."""

    line: int
    code: str
    told: str = ""


def words(code: str, lang: str) -> str:
    """A problem in words; ``lang`` is "en" or "zh"."""
    return PROBLEMS[code].zh if lang == "zh" else PROBLEMS[code].en
