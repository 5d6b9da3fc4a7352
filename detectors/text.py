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

VERSION = "2"

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
_TOKEN = re.compile(f"[{_CJK}]|[^{_CJK} ]+")
_QUOTED_CHARS = 8
"""A sentence of at least so many letters that stands in the boilerplate is quoted; a shorter one may be chance."""

BANDS = 64
ROWS = 2
AGREEING = 2
SHARED = 0.15
"""Two texts are candidates where all ROWS minima of AGREEING of the BANDS agree, and SHARED of all minima. At Jaccard
similarity J of their n-grams the first holds with probability 1 - (1 - J²)⁶⁴ - 64 J² (1 - J²)⁶³: 0.98 at 0.3, 0.13 at
0.1; minima agree with probability J each."""
_TAIL = 1024

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
    """The words of ``text``: compatibility forms folded (NFKC), lower case, Traditional characters simplified; without
    hashtags, URLs, mentions, emoji and punctuation, and without the sentences that stand in one of ``boilerplate`` (a
    quoted notice, a repeated title). One space parts words; none stands beside Chinese and other CJK characters, nor
    between single letters, so that spacing out hides nothing."""
    shared = [_letters(_fold(template)) for template in boilerplate]
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
    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def similarity(a: str, b: str) -> float:
    """How much of two stories is the same, 0..1: twice their longest common subsequence over their lengths, counted in
    words and CJK characters. Symmetric; rounded to four decimals. Two empty stories tell nothing: 0."""
    return _alike(_tokens(a), _tokens(b))


def _alike(a: str, b: str) -> float:
    return round(Indel.normalized_similarity(a, b), 4) if a and b else 0.0


def _tokens(words: str) -> str:
    """A character a token: a CJK character is itself, a word one of a million others."""
    return "".join(
        token if _is_cjk(token[0]) else chr(0x40000 + xxhash.xxh32_intdigest(token.encode(), seed=1) % 0xC0000)
        for token in _TOKEN.findall(words)
    )


def signature(words: str) -> NDArray[np.uint32]:
    """The MinHash of a story, (BANDS * ROWS,) uint32: equal minima estimate the Jaccard similarity of two stories'
    n-grams: pairs of Chinese or other CJK characters, fours of any others."""
    words = words.replace(" ", "")
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
def _signature(words: str) -> NDArray[np.uint32]:
    return signature(words)


_BAND_BITS = np.arange(BANDS, dtype=np.uint64) << np.uint64(58)


def _bands(minima: NDArray[np.uint32]) -> Words:
    """(..., BANDS) uint64: the ROWS minima of each band, less their last bits, under the band's number."""
    return np.ascontiguousarray(minima).view(np.uint64) >> np.uint64(6) | _BAND_BITS


def _counted(equal: NDArray[np.bool_]) -> NDArray[np.intp]:
    """How many of each row are true, (n, m) to (n,), m a multiple of 64: as bits, in half the time of a sum."""
    ones: NDArray[np.intp] = np.bitwise_count(np.packbits(equal, axis=1).view(np.uint64)).sum(axis=1, dtype=np.intp)
    return ones


class TextIndex:
    """Finds stories that are similar to one. What it finds depends on what was added, not on the order.

    A query looks each of its bands up among those of all stories, sorted; what agrees in ``AGREEING`` bands and in
    ``SHARED`` of all minima is a candidate. About 1.3 KB a story. For one thread.
    """

    def __init__(self) -> None:
        self._keys: list[int] = []
        self._tokens: list[str] = []
        self._stories: dict[int, str] = {}
        self._places: dict[int, int] = {}
        self._minima: NDArray[np.uint32] = np.zeros((256, BANDS * ROWS), dtype=np.uint32)
        self._families = np.zeros(256, dtype=np.int64)
        self._blocks: list[tuple[Words, NDArray[np.int32]]] = []
        self._tail: Words = np.zeros((_TAIL, BANDS), dtype=np.uint64)
        self._sorted = 0  # stories that lie in blocks; the later ones are looked at one by one

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
        if count == len(self._minima):
            self._minima = np.concatenate((self._minima, np.zeros_like(self._minima)))
            self._families = np.concatenate((self._families, np.zeros_like(self._families)))
        self._minima[count] = _signature(words)
        self._tail[count - self._sorted] = _bands(self._minima[count])
        self._families[count] = count
        self._keys.append(key)
        self._tokens.append(_tokens(words))
        self._stories[key] = words
        self._places[key] = count
        if count + 1 - self._sorted == _TAIL:
            self._sort()
        for family in {int(self._families[self._places[other]]) for other in kin}:
            own = self._families[count]
            if own == count:  # the newcomer joins: nothing else needs a new label
                self._families[count] = family
            else:
                self._families[: count + 1][self._families[: count + 1] == family] = own

    def _sort(self) -> None:
        """Put the tail into a block. Blocks double in size from the newest to the oldest."""
        tail = np.arange(self._sorted, len(self._keys), dtype=np.int32)
        bands, places = _bands(self._minima[tail]).ravel(), np.repeat(tail, BANDS)
        while self._blocks and len(self._blocks[-1][0]) < 2 * len(bands):
            older = self._blocks.pop()
            bands, places = np.concatenate((older[0], bands)), np.concatenate((older[1], places))
        order = np.argsort(bands, kind="stable")
        self._blocks.append((bands[order], places[order]))
        self._sorted = len(self._keys)

    def candidates(self, words: str) -> list[int]:
        """Keys of the stories whose signature agrees with that of ``words``, ascending."""
        return sorted(self._keys[place] for place in self._agreeing(words))

    def families(self, words: str, threshold: float) -> list[tuple[int, float]]:
        """(key, ``similarity``) of one story of each family with a member at least ``threshold`` similar.

        A flood of like stories is one family, and costs one comparison.
        """
        found, left, tokens = [], self._agreeing(words), _tokens(words)
        while left.size:
            place = left[-1]
            alike = _alike(tokens, self._tokens[place])
            if alike >= threshold:
                found.append((self._keys[place], alike))
                left = left[self._families[left] != self._families[place]]
            else:
                left = left[:-1]
        return found

    def _agreeing(self, words: str) -> NDArray[np.intp]:
        """Places, ascending, of the stories whose signature agrees."""
        minima = _signature(words)
        bands = _bands(minima)
        found = []
        for sorted_bands, places in self._blocks:
            first, last = (np.searchsorted(sorted_bands, bands, side) for side in ("left", "right"))
            found += [places[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True) if a < b]
        tail = _counted(self._tail[: len(self._keys) - self._sorted] == bands)
        often = np.bincount(np.concatenate(found), minlength=self._sorted) if found else np.zeros(self._sorted, np.intp)
        near = np.flatnonzero(np.concatenate((often, tail)) >= AGREEING)
        kept: NDArray[np.intp] = near[_counted(self._minima[near] == minima) >= SHARED * BANDS * ROWS]
        return kept

    def within(self, words: str, threshold: float) -> list[tuple[int, float]]:
        """(key, ``similarity``) of the stories at least ``threshold`` similar, the most similar first, then by key.

        A threshold below about 0.5 asks for pairs that signatures no longer find reliably.
        """
        if not words:
            return []
        near = self._agreeing(words).tolist()
        told = [self._tokens[place] for place in near]
        slack = max(0.0, threshold - 0.0001)  # the cut comes before rounding
        scored = process.extract(
            _tokens(words), told, scorer=Indel.normalized_similarity, score_cutoff=slack, limit=None
        )
        found = [(self._keys[near[i]], round(score, 4)) for other, score, i in scored if other]
        return sorted(((k, s) for k, s in found if s >= threshold and s > 0), key=lambda item: (-item[1], item[0]))
