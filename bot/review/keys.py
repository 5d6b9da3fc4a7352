"""The one table of keys: what each does, and what it is called. The page, the terminal, the help and the docs read it.

A key acts on the item that was drawn when it was pressed, and never while a text field has the focus.
"""

from __future__ import annotations

from typing import Final

from bot.reasons import Lang, label
from detectors.evidence import Value


class Key(Value):
    """One key: ``key`` as it is typed, ``action`` as surfaces know it, ``code`` the reason that a digit rejects with,
    and its name in both languages. ``decides``: whether it records a decision."""

    key: str
    action: str
    en: str
    zh: str
    code: str | None = None
    decides: bool = False

    def label(self, lang: Lang) -> str:
        """What is shown on screen beside the key."""
        return self.zh if lang == "zh" else self.en


def _digit(key: str, code: str) -> Key:
    return Key(key=key, action="reject", en=label(code, "en"), zh=label(code, "zh"), code=code, decides=True)


DIGITS: Final = tuple(
    _digit(key, code)
    for key, code in (
        ("1", "brand.absent"),
        ("2", "duplicate.near"),
        ("3", "content.stolen"),
        ("4", "content.offtopic"),
        ("5", "content.unsafe"),
        ("6", "content.contact"),
        ("7", "content.link"),
        ("8", "author.repeat"),
        ("9", "media.unreadable"),
        ("0", "rule.other"),
    )
)
"""Each rejects at once, with the reason it stands for."""

KEYS: Final = (
    Key(key="a", action="approve", en="approve", zh="通过", decides=True),
    Key(key="x", action="reject", en="reject, with the reason found", zh="拒绝（按发现的原因）", decides=True),
    Key(key="space", action="skip", en="skip", zh="跳过"),
    Key(key="u", action="undo", en="undo", zh="撤销"),
    Key(key="f", action="flag", en="second pair of eyes", zh="请他人复核", decides=True),
    Key(key="n", action="note", en="note", zh="备注"),
    Key(key="d", action="compare", en="compare", zh="对比"),
    Key(key="D", action="settle_cluster", en="settle the copies", zh="处理整组重复", decides=True),
    Key(key="v", action="view", en="full picture", zh="查看大图"),
    Key(key="/", action="filter", en="filter", zh="筛选"),
    Key(key="?", action="help", en="keys", zh="按键说明"),
    *DIGITS,
)
"""Every key, in the order of the help."""

BY_KEY: Final = {entry.key: entry for entry in KEYS}

JUDGING: Final = (
    Key(key="Enter", action="save", en="save, next post", zh="保存，下一篇", decides=True),
    Key(key="r", action="recuse", en="recuse: conflict of interest", zh="回避（利益相关）", decides=True),
    Key(key="u", action="back", en="back to the previous post", zh="返回上一篇"),
    Key(key="v", action="view", en="full picture", zh="查看大图"),
)
"""The keys of judging, beside digits for marks, ``t`` for ten and the arrows."""
