"""Texts that tell the same story. Pure: no network, no clock, nothing random.

A story is what is left of a text when everything is gone that posts of one campaign share. Two stories are compared
by edit similarity (rapidfuzz); which pairs are compared at all, ``detectors/text_index.py`` finds.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Sequence

import xxhash
from rapidfuzz.distance import Indel

_SCATTERED = 3
_MISSING = 0.7
"""Chosen on drawn stories (seed 71 of benchmarks/copies_text.py): at one recall of reworded ones 5 of 2,000 honest ones
are linked instead of 9 at 4 and 0.4, and far more without. A quarter left out in one piece is a copy still, at the
campaign's threshold; more would be lost at a weight of 1."""

MAX_CHARS = 20_000
"""Only so many characters of a text are looked at: far more than a post has, and a bound on what an article costs."""

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'，。！？、（）]{1,2000}", re.IGNORECASE)
# A closed pair touches its text on the inside; otherwise a tag ends with its word.
_HASHTAG = re.compile(r"#[^\s#](?:[^#\n]{0,60}[^\s#])?#|#\w+")
_MENTION = re.compile(r"@\w{1,60}")
_SENTENCE = re.compile(r"[\n。！？!?;；…]+|(?<=[a-z])\.(?=\s|$)")
_CJK = "\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
_BESIDE_CJK = re.compile(f"(?<=[{_CJK}]) | (?=[{_CJK}])")
_SPACED = re.compile(r"(?<=(?<!\S)\S) (?=\S(?!\S))")
_WORD = re.compile(f"[^{_CJK} ]+")
_QUOTED_CHARS = 8
"""A sentence of at least so many letters that stands in the boilerplate is quoted; a shorter one may be chance."""


def story(text: str, boilerplate: Sequence[str] = ()) -> str:
    """The words of ``text``: compatibility forms folded (NFKC), lower case, Traditional characters simplified; without
    hashtags, URLs, mentions, emoji and punctuation, and without the sentences that stand in one of ``boilerplate`` (a
    quoted notice, a repeated title). One space parts words; none stands beside Chinese and other CJK characters, nor
    between single letters, so that spacing out hides nothing."""
    shared = [_known_letters(template) for template in boilerplate]
    kept = []
    for sentence in _SENTENCE.split(_fold(text)):
        letters = _letters(sentence)
        if not any(letters == t or (len(letters) >= _QUOTED_CHARS and letters in t) for t in shared):
            kept.append(sentence)
    words = "".join(c if c.isalnum() else " " for c in " ".join(kept))
    return _SPACED.sub("", _BESIDE_CJK.sub("", " ".join(words.split())))


def _fold(text: str) -> str:
    folded = _simplifier()(unicodedata.normalize("NFKC", text[:MAX_CHARS]).casefold()[:MAX_CHARS])
    return _MENTION.sub("\n", _HASHTAG.sub("\n", _URL.sub("\n", folded)))


@functools.cache
def _simplifier() -> Callable[[str], str]:
    import opencc  # only where a story is read: its dictionaries take their time, and deciding needs none

    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@functools.lru_cache(maxsize=16)
def _known_letters(template: str) -> str:
    return _letters(_fold(template))


def similarity(a: str, b: str) -> float:
    """How much of two stories is the same, 0..1: twice their longest common subsequence over their lengths, counted in
    words and CJK characters, less ``_MISSING`` of what one has more of at one place than ``_SCATTERED``. Symmetric;
    rounded to four decimals. Two empty stories tell nothing: 0.

    Who rewords a story changes a little everywhere. Stories that tell the same clichés have whole clauses in common
    and lack whole clauses.
    """
    return alike(tokens(a), tokens(b))


def alike(a: str, b: str, least: float = 0.0) -> float:
    """``similarity`` of two stories' ``tokens``; 0 where it is less than ``least`` before anything is taken off."""
    first, second = sorted((a, b))  # of several longest subsequences the same is taken, whichever story was first
    common = Indel.normalized_similarity(first, second, score_cutoff=max(0.0, least - 0.0001)) if first else 0.0
    if not common:
        return 0.0
    missing, one, other = 0, 0, 0
    for block in Indel.opcodes(first, second).as_matching_blocks():
        missing += max(0, block.a - one - _SCATTERED, block.b - other - _SCATTERED)
        one, other = block.a + block.size, block.b + block.size
    return round(max(0.0, common - _MISSING * 2 * missing / (len(a) + len(b))), 4)


def tokens(words: str) -> str:
    """A character a token: a CJK character is itself, a word one of a million others."""
    if words.isascii():
        return "".join(map(_name, words.split()))
    return _WORD.sub(lambda word: _name(word.group()), words).replace(" ", "")


@functools.lru_cache(maxsize=1 << 16)
def _name(word: str) -> str:
    return chr(0x40000 + xxhash.xxh32_intdigest(word.encode(), seed=1) % 0xC0000)


def is_cjk(letter: str) -> bool:
    """Whether a character is a word by itself: Chinese, Japanese, Korean."""
    return "\u2e80" <= letter <= "\ud7ff" or "\uf900" <= letter <= "\ufaff" or letter >= "\U00020000"
