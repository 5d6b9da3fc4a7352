"""The index of stories: what is alike is found, in any order, however many there are and wherever they lie."""

from __future__ import annotations

import random
import re
import tracemalloc
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from detectors import text_index
from detectors.text import story
from detectors.text_blocks import BANDS, FORMAT, ROWS, Block, bands_of, block_of, laid, merged, signature, sketch_of
from detectors.text_index import TextIndex

ZH = (
    "第一次登录平台是三年前的夏天，那时候什么都不懂，朋友带着我一步一步注册账号，买下了人生第一笔比特币。后来跌了又涨，"
    "涨了又跌，我学会了耐心，也学会了控制仓位。今天看到用户突破三千万，真的很感动，谢谢这里陪我走过的每一个夜晚。"
)
EN = (
    "The first time I logged in was three summers ago and I had no idea what I was doing. A friend walked me through "
    "opening the account and buying a tiny amount of bitcoin. Then it fell, and rose, and fell again, and somewhere "
    "along the way I learned patience. I still keep the mug they sent me at the meetup in Singapore."
)
CHARACTERS = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说"
WORDS = re.findall(
    "[a-z]+", "people way day thing woman life child world school family student group country problem hand"
)


def edited_zh(rng: random.Random, share: float) -> str:
    """A share of the characters replaced, dropped or followed by others."""
    return "".join(
        rng.choice((rng.choice(CHARACTERS), "", c + rng.choice(CHARACTERS))) if rng.random() < share else c for c in ZH
    )


def edited_en(rng: random.Random, share: float) -> str:
    """A share of the words replaced."""
    return " ".join(rng.choice(WORDS) if rng.random() < share else word for word in EN.split())


def index_of(stories: Iterable[str]) -> TextIndex:
    """An index in memory, with places for keys."""
    told = list(stories)
    index = TextIndex(told.__getitem__)
    for key, words in enumerate(told):
        index.add(key, words)
    return index


@pytest.mark.parametrize("edit", [edited_zh, edited_en])
@pytest.mark.parametrize(("share", "threshold"), [(0.05, 0.85), (0.15, 0.7), (0.3, 0.45)])
def test_edited_stories_are_found(edit: Callable[[random.Random, float], str], share: float, threshold: float) -> None:
    """Every one of a hundred rewordings, or at a share of a third all but a few, in either language, among others."""
    rng = random.Random(7)
    stories = [story(edit(rng, share)) for _ in range(100)]
    index = index_of([*stories, story("".join(rng.choices(CHARACTERS, k=120)))])
    found = [key for key, _ in index.within(story(ZH if edit is edited_zh else EN), threshold)]
    assert set(found) <= set(range(100))
    assert len(found) >= (100 if share < 0.3 else 97)


def test_unrelated_stories_are_not() -> None:
    """Two thousand other texts over the same characters and words: none is near."""
    rng = random.Random(8)
    stories = [story("".join(rng.choices(CHARACTERS, k=rng.randint(20, 200)))) for _ in range(1000)]
    stories += [story(" ".join(rng.choices(WORDS, k=rng.randint(10, 60)))) for _ in range(1000)]
    index = index_of(stories)
    assert [index.within(story(text), 0.55) for text in (ZH, EN)] == [[], []]


def test_signatures_never_change() -> None:
    """They are stored, so they are pinned here: another one is another ``FORMAT``."""
    assert signature("第一次登录gate").tolist()[:3] == PINNED
    assert FORMAT == "4"


PINNED = [319069419, 747203590, 227815294]


def test_what_is_found_depends_neither_on_the_order_nor_on_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Same set, same answers, and the same in blocks of every size; similarity is found from either side, in the same
    amount."""
    rng = random.Random(9)
    stories = [story(edited_zh(rng, 0.2)) for _ in range(40)]
    whole = index_of(stories)
    monkeypatch.setattr(text_index, "_TAIL", 3)
    forward, backward = index_of(stories), index_of(stories[::-1])
    monkeypatch.setattr(text_index, "_LARGEST", 6)
    small = index_of(stories)
    pairs = {}
    for key in range(40):
        found = whole.within(stories[key], 0.6)
        assert found == forward.within(stories[key], 0.6) == small.within(stories[key], 0.6)
        assert sorted(found) == sorted((39 - other, score) for other, score in backward.within(stories[key], 0.6))
        pairs.update({(key, other): score for other, score in found})
    assert all(pairs[b, a] == score for (a, b), score in pairs.items())
    assert len(pairs) > 40


def test_blocks_find_what_a_look_at_each_signature_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the definition of a candidate, on signatures that share a part of their minima."""
    monkeypatch.setattr(text_index, "_TAIL", 16)
    rng = random.Random(10)
    words = [story(edited_zh(rng, rng.choice([0.3, 0.6, 0.9]))) for _ in range(200)]
    index, signed = index_of(words), np.array([signature(w) for w in words])
    for key in range(0, 200, 7):
        agree = (signed == signed[key]).reshape(200, 64, 2).all(axis=2).sum(axis=1) >= 2
        equal = sketch_of(signed) == sketch_of(signed[key])
        wanted = np.flatnonzero(agree & (equal.sum(axis=1) >= 0.22 * 128))
        assert [k for k, _, _ in index.families(words[key], 0.0)][::-1] == wanted.tolist()


def test_growing_and_empty() -> None:
    """More stories than wait for a block; an empty one is never found; keys ascend."""
    stories = ["" if key == 5 else story(f"number {key} of many {key * 7919}") for key in range(2100)]
    assert index_of([]).within("abc", 0.1) == []
    index = index_of(stories)
    assert index.within("", 0.1) == []
    assert (2099, 1.0) in index.within(stories[2099], 0.9)
    assert (599, 1.0) in index.within(stories[599], 0.9)
    with pytest.raises(ValueError, match="key 5 after 2099"):
        index.add(5, "x")


def test_families_are_found_by_one_member_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of like stories answers once, an unlike family not at all, and a story that joins two makes them one."""
    monkeypatch.setattr(text_index, "_TAIL", 4)
    told: dict[int, str] = {}
    index = TextIndex(told.__getitem__)

    def add(key: int, words: str, families: Iterable[int]) -> None:
        told[key] = words
        index.add(key, words, families)

    ours = [f"今天在广场写下了我的第{n}个难忘时刻和大家一起分享" for n in range(9)]
    for key, words in enumerate(ours):
        add(key, words, [family for _, _, family in index.families(words, 0.8)])
    other = "完全不同的另外一件事情讲的是周末去山里骑车看日出"
    add(50, other, [])
    [(_, _, family)] = index.families("今天在广场写下了我的第十个难忘时刻和大家一起分享", 0.8)
    [(_, _, another)] = index.families(other, 0.8)
    assert family != another
    add(51, "今天在广场写下了我的另一个难忘时刻和大家一起分享", [family, another])
    assert len({index.families(words, 0.8)[0][2] for words in (ours[0], other)}) == 1


def test_a_forgotten_story_is_in_no_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lost its words before it was written down is left out, and its neighbours keep their families."""
    monkeypatch.setattr(text_index, "_TAIL", 3)
    told = {key: f"第{key}个故事说的是完全不同的一件事情{'山水风云'[key] * 9}" for key in range(4)}
    index = TextIndex(told.__getitem__)
    for key in range(3):
        index.add(key, told[key])
    gone, told[1] = told[1], ""
    index.add(3, told[3])
    assert [len(index), index.families(gone, 0.9)] == [3, []]
    assert [index.families(told[key], 0.9) for key in (0, 2, 3)] == [[(key, 1.0, key)] for key in (0, 2, 3)]


def test_a_block_holds_what_was_laid_into_it() -> None:
    """Tokens of any length and any characters, merged or with a story taken out; a block that lost its end is seen."""
    told = ["", "第一次", chr(0x4ABCD) * 3, "\ud800", "x" * 20_000, "广场"]
    minima = np.array([signature(named) for named in (ZH, EN, WORDS[0], CHARACTERS, EN[::-1], ZH[::-1])])

    def part(some: slice) -> Block:
        keys = np.arange(10, 16)[some]
        return block_of(laid(keys, bands_of(minima[some]), sketch_of(minima[some]), told[some]))

    both = block_of(merged([part(slice(0, 2)), part(slice(2, 6))]))
    size = sum(piece.nbytes for piece in merged([both]))
    assert (len(both), both.keys().tolist()) == (6, [10, 11, 12, 13, 14, 15])
    assert both.told(np.arange(6)) == told
    assert [both.whole(size + by) for by in (0, -1, 1, -size)] == [True, False, False, False]
    less = both.without(np.array([11, 14]))
    assert less is not None
    assert less.told(np.arange(4)) == [told[i] for i in (0, 2, 3, 5)]
    assert [less.agreeing(each, less.fence()).tolist() for each in minima] == [[0], [], [1], [2], [], [3]]
    assert both.without(np.array([99])) is None


def test_a_merge_holds_a_small_part_of_what_it_writes() -> None:
    """Blocks are merged in the memory of a piece, however large they are: a daemon of weeks stays of one size."""
    numbers, count = np.random.default_rng(5), 1 << 15

    def part(first: int) -> Block:
        minima = numbers.integers(0, 1 << 32, (count, BANDS * ROWS), np.uint32)
        told = ["一个故事" * 25] * count
        return block_of(laid(np.arange(count) + first, bands_of(minima), sketch_of(minima), told))

    parts = [part(count * i) for i in range(2)]
    tracemalloc.start()
    try:
        written = sum(piece.nbytes for piece in merged(parts))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < written / 4
