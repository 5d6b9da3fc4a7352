"""Whether a post carries the campaign's hashtag. Pure; linear time on any text.

Three classes. *Exact* and *normalised* count: ``#tag#`` as written, or differing in letter case, width or invisible
characters only, or ``#tag`` that ends at the first character that is no letter, digit or underscore. A *lookalike*
goes to a person. Anything else is *none*: longer and shorter tags, typos, tags in a URL, text turned round by bidi
controls. The whole tag is compared, in the author's own words only.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from bot.admission.letters import SAME, resemblance, revealed, visible
from detectors.evidence import Value

Kind = Literal["exact", "normalised", "lookalike", "none"]

_KINDS: Final[tuple[Kind, ...]] = ("exact", "normalised", "lookalike", "none")
_WEAK: Final = "\ufdd0"  # stands for what looks like or encodes a hash; a noncharacter, so no text means anything by it
_GAP: Final = "\ufffc"  # stands where something was taken out

_ANY_HASH: Final = re.compile(r"[#\uff03\ufe5f\u266f\u2317\u22d5\u29e3\ufdd0]|%23|&num;|\\u0023")
_WEAK_HASH: Final = re.compile(r"\\#|&#0{0,8}35;|&#[xX]0{0,8}23;|&num;|%23|\\u0023|#\u20e3|[\u266f\u2317\u22d5\u29e3]")
_HASH: Final = re.compile(f"[#{_WEAK}]")
_REVERSED: Final = re.compile("\u202e[^\u202c\n]*")  # right-to-left override, to its end or the paragraph's
_URL: Final = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]{1,15}://|(?<![A-Za-z0-9.-])www\."
    r"|(?<![A-Za-z0-9.-])(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}/)"
    r"[!#-&*-;=?-Z_a-z~]*"  # to the first space, quote, bracket or character beyond ASCII
    "([^\\s,.!?;:()\u2018-\u201d\u3000-\u303f\uff01-\uff0f\uff1a-\uff20]*)"  # words that touch it
)
_QUOTED_LINE: Final = re.compile(r"^[ \t]*>(?![._]?<).*$", re.MULTILINE)
_QUOTED_REST: Final = re.compile(
    r"(?:(?<![A-Za-z0-9])(?:RT|MT)[ ]?@|(?<!:)//[ ]?@|转发自|转自|转发[ ]?@|轉發自|轉自|Forwarded from).*",
    re.DOTALL | re.IGNORECASE,
)
_MARKS: Final = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_WORD: Final = re.compile(f"[\\w{_MARKS}]+")
_RUN: Final = re.compile(f"[^\\s\u2010-\u2027\u3001-\u303f!-/:-@\\[-^`{{-~{_WEAK}{_GAP}]+")
_SENTENCE: Final = re.compile(r"[,.;!?。、\n]")


class HashtagMatch(Value):
    """``tag`` is the campaign's spelling that was met, None for "none". ``why`` says in what a lookalike differs:
    spaces, stylised, script, confusable, hash (an escaped, keycap or look-alike hash), quoted, pair (which hashes
    belong together is not certain)."""

    kind: Kind
    tag: str | None = None
    why: str = ""

    @property
    def counts(self) -> bool:
        """Whether the tag is there, and no person need be asked."""
        return self.kind in ("exact", "normalised")


NONE: Final = HashtagMatch(kind="none")


@functools.lru_cache(maxsize=4)  # a post is asked about several times on its way, one after another
def classify(text: str, title: str, hashtags: tuple[str, ...]) -> HashtagMatch:
    """The best match of any of ``hashtags`` (without hashes) in the author's own text or title. Never raises."""
    found = (_classify(part, hashtags) for part in (text, title) if _ANY_HASH.search(part))
    return min(found, key=lambda match: _KINDS.index(match.kind), default=NONE)


def _classify(raw: str, hashtags: Sequence[str]) -> HashtagMatch:
    own, quoted = _parts(raw)
    match = _best(own, hashtags)
    if match.counts:
        return HashtagMatch(kind="exact" if f"#{match.tag}#" in raw else "normalised", tag=match.tag)
    if match is NONE and quoted:
        inside = _best(quoted, hashtags)
        return inside if inside is NONE else HashtagMatch(kind="lookalike", tag=inside.tag, why="quoted")
    return match


def _parts(raw: str) -> tuple[str, str]:
    """The author's own words and what they quote, with URLs and reversed text taken out and every hash one of two."""
    text = _URL.sub(
        _without_url, revealed(_REVERSED.sub(_GAP, raw))
    )  # full-width punctuation ends a URL: not folded yet
    text = _WEAK_HASH.sub(_WEAK, visible(text))
    quoted: list[str] = []

    def take(match: re.Match[str]) -> str:
        quoted.append(match[0])
        return _GAP

    own = _QUOTED_REST.sub(take, _QUOTED_LINE.sub(take, text))
    return own, "\n".join(quoted)


def _without_url(match: re.Match[str]) -> str:
    """A gap for the URL. Words that touch its end may belong to it: their hashes are no more than look-alikes."""
    return _GAP + _ANY_HASH.sub(_WEAK, re.sub(r"(?<=[!-~])#", _GAP, match[1]))


def _best(text: str, hashtags: Sequence[str]) -> HashtagMatch:
    best, verdicts = NONE, dict[str, HashtagMatch]()
    for body, doubt in _bodies(text, 3 * max(map(len, hashtags), default=0) + 32):
        if body not in verdicts:
            verdicts[body] = _compare(body, hashtags)
        match = verdicts[body]
        if match.counts and doubt:
            match = HashtagMatch(kind="lookalike", tag=match.tag, why=doubt)
        if match.counts:
            return match
        if best is NONE:
            best = match
    return best


def _compare(body: str, hashtags: Sequence[str]) -> HashtagMatch:
    found = {tag: why for tag in hashtags if (why := resemblance(body, tag)) is not None}
    if not found:
        return NONE
    tag = min(found, key=lambda t: found[t] != SAME)
    return HashtagMatch(kind="normalised" if found[tag] == SAME else "lookalike", tag=tag, why=found[tag])


def _bodies(text: str, window: int) -> Iterator[tuple[str, str]]:
    """What may be a tag after each hash, with a doubt about its hashes ("" for none). At most ``window`` characters are
    looked at after a hash, so the whole is linear."""
    claimed = -1  # a hash that closed another tag's pair: whether it opens one as well is not certain
    for hash_ in _HASH.finditer(text):
        start = hash_.end()
        ahead = text[start : start + window]
        closer = _HASH.search(ahead)
        doubt = "hash" if hash_[0] == _WEAK else "pair" if hash_.start() == claimed else ""
        word = _WORD.match(ahead)
        if closer is not None and closer.start() > 0 and "\n" not in ahead[: closer.start()]:
            pair = ahead[: closer.start()]
            yield pair, doubt or ("hash" if closer[0] == _WEAK else "")
            glued = _WORD.match(ahead, closer.end()) is not None
            if glued and not any(char.isspace() for char in pair):
                claimed = start + closer.start()
            if (
                not glued
                and word is not None
                and word[0] != pair
                and not pair[-1].isspace()
                and not _SENTENCE.search(pair)
            ):
                doubt = doubt or "pair"  # `#tag more#` is a longer tag, or `#tag` and a stray hash
        if word is not None:
            yield word[0], doubt
        run = _RUN.match(ahead)
        if run is not None and (word is None or run[0] != word[0]):
            yield run[0], doubt
