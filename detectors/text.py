"""Texts that tell the same story. Pure: no network, no clock, nothing random.

A story is what is left of a text when everything is gone that posts of one campaign share. Two stories are compared
by edit similarity (rapidfuzz); which pairs are compared at all is found by MinHash signatures over character n-grams
(Broder 1997), cut into bands (locality-sensitive hashing, Indyk and Motwani 1998).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import opencc
import xxhash
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import Indel

VERSION = "1"

MAX_CHARS = 20_000
"""Only so many characters of a text are looked at: far more than a post has, and a bound on what an article costs."""

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'，。！？、（）]{1,2000}", re.IGNORECASE)
# A closed pair touches its text on the inside; otherwise a tag ends with its word.
_HASHTAG = re.compile(r"#[^\s#](?:[^#\n]{0,60}[^\s#])?#|#\w+")
_MENTION = re.compile(r"@\w{1,60}")
_SENTENCE = re.compile(r"[\n。！？!?;；…]+|(?<=[a-z])\.(?=\s|$)")
_QUOTED_CHARS = 8
"""A sentence of at least so many letters that stands in the boilerplate is quoted; a shorter one may be chance."""

BANDS = 64
ROWS = 2
"""Two texts are candidates where all ROWS minima of one of BANDS agree: with probability 1 - (1 - J²)⁶⁴ at Jaccard
similarity J of their n-grams, which is 0.998 at 0.3 and 0.06 at 0.03."""

_CJK_GRAM = 2
_OTHER_GRAM = 4
_SEED = 0x6761746577617264
_CHUNK = 4096

Words = NDArray[np.uint64]


def _constants(salt: bytes) -> Words:
    return np.array(
        [xxhash.xxh64_intdigest(salt + i.to_bytes(2, "big"), seed=_SEED) for i in range(BANDS * ROWS)], dtype=np.uint64
    )


_FACTORS = _constants(b"factor") | np.uint64(1)
_TERMS = _constants(b"term")


def story(text: str, boilerplate: Sequence[str] = ()) -> str:
    """The letters and digits of ``text``: compatibility forms folded (NFKC), lower case, Traditional characters
    simplified; without hashtags, URLs, mentions, emoji, punctuation and space, and without the sentences that stand
    in one of ``boilerplate`` (a quoted notice, a repeated title)."""
    shared = [_letters(_fold(template)) for template in boilerplate]
    kept = (_letters(sentence) for sentence in _SENTENCE.split(_fold(text)))
    return "".join(s for s in kept if not any(s == t or (len(s) >= _QUOTED_CHARS and s in t) for t in shared))


def _fold(text: str) -> str:
    folded = _simplifier()(unicodedata.normalize("NFKC", text[:MAX_CHARS]).casefold()[:MAX_CHARS])
    return _MENTION.sub("\n", _HASHTAG.sub("\n", _URL.sub("\n", folded)))


@functools.cache
def _simplifier() -> Callable[[str], str]:
    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def similarity(a: str, b: str) -> float:
    """How much of two stories is the same, 0..1: twice their longest common subsequence over their lengths.
    Symmetric; rounded to four decimals. Two empty stories tell nothing: 0."""
    return round(Indel.normalized_similarity(a, b), 4) if a and b else 0.0


def signature(words: str) -> NDArray[np.uint32]:
    """The MinHash of a story, (BANDS * ROWS,) uint32: equal minima estimate the Jaccard similarity of two stories'
    n-grams: pairs of Chinese or other CJK characters, fours of any others."""
    grams = {words[i : i + (_CJK_GRAM if _is_cjk(words[i]) else _OTHER_GRAM)] for i in range(len(words))}
    hashes = np.array([xxhash.xxh64_intdigest(gram.encode(), seed=_SEED) for gram in grams], dtype=np.uint64)
    minima = np.full(BANDS * ROWS, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(hashes), _CHUNK):  # bounds the memory that a long article takes
        part = hashes[start : start + _CHUNK, np.newaxis] * _FACTORS + _TERMS
        minima = np.minimum(minima, part.min(axis=0))
    return (minima >> np.uint64(32)).astype(np.uint32)


def _is_cjk(letter: str) -> bool:
    return "\u2e80" <= letter <= "\ud7ff" or "\uf900" <= letter <= "\ufaff" or letter >= "\U00020000"


@functools.lru_cache(maxsize=2)  # a story is looked up, then added
def _bands(words: str) -> Words:
    """(BANDS,) uint64: the ROWS minima of each band side by side."""
    return signature(words).view(np.uint64)


class TextIndex:
    """Finds stories that are similar to one. What it finds depends on what was added, not on the order.

    Every query looks at one 64-bit word a band and story, 512 bytes a story in all; about 2 ms at 50,000 stories.
    """

    def __init__(self) -> None:
        self._keys: list[int] = []
        self._stories: dict[int, str] = {}
        self._places: dict[int, int] = {}
        self._bands: Words = np.zeros((BANDS, 256), dtype=np.uint64)
        self._families = np.zeros(256, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: int, words: str, kin: Iterable[int] = ()) -> None:
        """Add a story under its own key. Again with the same story changes nothing; with another: ``ValueError``.
        ``kin``: keys of stories that it is known to be like; all their families become one."""
        known = self._stories.get(key)
        if known is not None:
            if known != words:
                raise ValueError(f"key {key} has another story")
            return
        count = len(self._keys)
        if count == self._bands.shape[1]:
            self._bands = np.concatenate((self._bands, np.zeros_like(self._bands)), axis=1)
            self._families = np.concatenate((self._families, np.zeros_like(self._families)))
        self._bands[:, count] = _bands(words)
        self._families[count] = count
        self._keys.append(key)
        self._stories[key] = words
        self._places[key] = count
        for family in {int(self._families[self._places[other]]) for other in kin}:
            own = self._families[count]
            if own == count:  # the newcomer joins: nothing else needs a new label
                self._families[count] = family
            else:
                self._families[: count + 1][self._families[: count + 1] == family] = own

    def candidates(self, words: str) -> list[int]:
        """Keys of the stories whose signature agrees with that of ``words`` in a band, ascending."""
        return sorted(self._keys[place] for place in self._agreeing(words))

    def families(self, words: str, threshold: float) -> list[tuple[int, float]]:
        """(key, ``similarity``) of one story of each family with a member at least ``threshold`` similar.

        A flood of like stories is one family, and costs one comparison.
        """
        found, left = [], self._agreeing(words)
        while left.size:
            place = left[-1]
            key = self._keys[place]
            alike = similarity(words, self._stories[key])
            if alike >= threshold:
                found.append((key, alike))
                left = left[self._families[left] != self._families[place]]
            else:
                left = left[:-1]
        return found

    def _agreeing(self, words: str) -> NDArray[np.intp]:
        """Places, ascending, of the stories whose signature agrees in a band."""
        bands, count = _bands(words), len(self._keys)
        found = np.zeros(count, dtype=bool)
        for row, band in zip(self._bands, bands, strict=True):
            found |= row[:count] == band
        return np.flatnonzero(found)

    def within(self, words: str, threshold: float) -> list[tuple[int, float]]:
        """(key, ``similarity``) of the stories at least ``threshold`` similar, the most similar first, then by key.

        A threshold below about 0.5 asks for pairs that signatures no longer find reliably.
        """
        if not words:
            return []
        near = {key: self._stories[key] for key in self.candidates(words)}
        slack = max(0.0, threshold - 0.0001)  # the cut comes before rounding
        scored = process.extract(words, near, scorer=Indel.normalized_similarity, score_cutoff=slack, limit=None)
        found = [(key, round(score, 4)) for other, score, key in scored if other]
        return sorted(((k, s) for k, s in found if s >= threshold), key=lambda item: (-item[1], item[0]))
