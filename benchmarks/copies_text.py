"""Copied and reworded stories: recall by share of edits, false links among honest stories, time a look-up.

    python -m benchmarks.copies_text [--posts N] [--originals N] [--honest N] [--seed N]

Stories are drawn: four to nine of two dozen clauses, the clichés of one campaign, with places, numbers and words of
their own in them, half Chinese, half English. So honest stories share whole clauses. An edit
replaces, drops or adds characters (Chinese) or words (English), a third each, at the share named.

Printed: for thresholds from 0.6 on what is found and what is falsely linked, on the threshold split (seed + 1) and on
the other, and the campaign's own threshold.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from benchmarks.copies_report import bounds, upper_bound
from bot.campaign import load_campaign
from detectors.text import story
from detectors.text_index import TextIndex

SHARES: Final = (0.05, 0.15, 0.30)
_ZH: Final = """
我第一次打开{w}是在{p}的{n}年前
那天晚上{p}下着雨，我盯着{w}看了{n}个小时
朋友{w}教我怎么买下第一笔{c}
后来{c}跌了百分之{n}，我一夜没睡
再后来它又涨了{n}倍
我学会了控制仓位和{w}
最难忘的是在{p}的线下聚会，遇见了{n}位老朋友
他们送我一件{w}，我一直穿到现在
今年我带着孩子去了{p}看{w}
在{w}旁边拍下了这张照片
从{n}块钱到{n}万，中间只隔着一个{w}
有一次提现卡住，客服{w}在{n}分钟里就解决了
我的第一个{c}合约亏了{n}刀，但我明白了{w}
凌晨{n}点的{p}，只有屏幕和{w}亮着
爸爸问我{c}是什么，我讲了{n}遍
去年冬天我在{p}租了一间{w}的屋子
每个月定投{n}刀的{c}，像浇花一样
牛市的时候大家都在说{w}
熊市的时候只剩我和{w}在{p}吃面
那只杯子陪我走过{n}个城市
如今我把{w}贴在电脑上
希望三十年后还能在{p}讲这个故事
谢谢这里，谢谢{w}，也谢谢那个没放弃的自己
{n}个夜晚，{n}杯咖啡，一个{c}的梦
我和{w}是在{p}的群里认识的
我们约好{c}到{n}的时候就结婚
婚礼上的蛋糕写着{w}
奶奶用{w}给我织了一条围巾，上面绣着{c}
"""
_EN: Final = """
I first opened {w} in {p} about {n} years ago
it was raining in {p} and I stared at {w} for {n} hours
my friend {w} showed me how to buy a little {c}
then {c} fell {n} percent and I could not sleep
later it came back {n} times over
I learned patience and {w} the hard way
the meetup in {p} is what I remember, {n} strangers and {w}
they gave me a {w} that I still wear
this year I took my kids to {p} to see {w}
I took this picture right next to {w}
from {n} dollars to {n} thousand there was only one {w}
once a withdrawal hung and {w} from support fixed it in {n} minutes
my first {c} future lost me {n} bucks but taught me {w}
at {n} in the morning in {p} only the screen and {w} were awake
my father asked what {c} is and I explained it {n} times
last winter I rented a room full of {w} in {p}
I put {n} dollars a month into {c} like watering a plant
in the bull market everybody talked about {w}
in the bear market it was me and {w} eating noodles in {p}
that mug has been to {n} cities with me
now {w} is a sticker on my laptop
I hope to tell this story in {p} in thirty years
thank you all, thank you {w}, and thanks to me for not giving up
{n} nights, {n} coffees and one dream of {c}
{w} and I met in a group chat in {p}
we said we would marry when {c} hits {n}
the wedding cake said {w}
grandma knitted a scarf of {w} with {c} on it
"""
_COMMON: Final = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会"
    "可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
)
_PLACES: Final = (
    "新加坡",
    "迪拜",
    "伊斯坦布尔",
    "拉各斯",
    "巴黎",
    "成都",
    "深圳",
    "台北",
    "曼谷",
    "首尔",
    "柏林",
    "河内",
)
_CITIES: Final = (
    "Singapore",
    "Dubai",
    "Istanbul",
    "Lagos",
    "Paris",
    "Chengdu",
    "Shenzhen",
    "Taipei",
    "Bangkok",
    "Seoul",
)
_COINS: Final = ("BTC", "ETH", "GT", "SOL", "DOGE", "ADA", "TON")


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.copies_text")
    for name, count in (("posts", 50_000), ("originals", 300), ("honest", 2_000), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=count)
    given = parser.parse_args(arguments)
    own = load_campaign().copies.text
    for split, seed in (("thresholds", given.seed + 1), ("test", given.seed)):
        _measure(split, random.Random(seed), given, own)
    return 0


def _measure(split: str, rng: random.Random, given: argparse.Namespace, own: float) -> None:
    told = [_story(rng, chinese=i % 2 == 0) for i in range(given.posts)]
    start = time.process_time()
    stories = [story(text) for text in told]
    index = TextIndex(stories.__getitem__)
    for key, words in enumerate(stories):
        index.add(key, words)
    filled = time.process_time() - start
    floors = [0.60, 0.64, 0.66, 0.68, 0.70, 0.72, 0.75, 0.80]
    rows: dict[str, list[list[bool]]] = {}
    costs = []

    def ask(text: str, truth: int | None) -> list[bool]:
        words = story(text)  # read once, whatever is asked about it
        begin = time.process_time()
        found = index.within(words, floors[0])
        costs.append((time.process_time() - begin) * 1000)
        if truth is None:
            return [any(score >= floor for _, score in found) for floor in floors]
        return [any(key == truth and score >= floor for key, score in found) for floor in floors]

    for share in SHARES:
        for language, parity in (("zh", 0), ("en", 1)):
            keys = range(parity, 2 * given.originals, 2)
            rows[f"{language} {share:.0%}"] = [ask(_edited(rng, told[key], share), key) for key in keys]
    for language, parity in (("zh", 0), ("en", 1)):
        honest = [_story(rng, chinese=parity == 0) for _ in range(given.honest // 2)]
        rows[f"honest {language}, linked"] = [ask(text, None) for text in honest]
    print(f"\n{split} split: {given.posts} posts, filled in {filled:.1f} s; campaign's threshold {own}")
    print(f"| | asked | {' | '.join(f'{floor:.2f}' for floor in floors)} |\n| --- | ---: |{' ---: |' * len(floors)}")
    for name, answers in rows.items():
        cells = [sum(column) for column in zip(*answers, strict=True)]
        if name.startswith("honest"):
            texts = [f"{cell} (<{upper_bound(cell, len(answers)):.4f})" for cell in cells]
        else:
            texts = [f"{c / len(answers):.3f} ({bounds(c, len(answers))[0]:.2f})" for c in cells]
        print(f"| {name} | {len(answers)} | {' | '.join(texts)} |")
    print(f"look-up: median {np.median(costs):.2f} ms, p95 {np.quantile(costs, 0.95):.2f}, of processor time")


def _story(rng: random.Random, *, chinese: bool) -> str:
    """One post."""
    bank = (_ZH if chinese else _EN).split("\n")[1:-1]
    clauses = [_filled(rng, clause, chinese=chinese) for clause in rng.sample(bank, rng.randint(4, 9))]
    return ("，" if chinese else ", ").join(clauses) + ("。" if chinese else ".")


def _filled(rng: random.Random, clause: str, *, chinese: bool) -> str:
    words: dict[str, Callable[[], str]] = {
        "{w}": lambda: "".join(rng.choices(_COMMON, k=rng.randint(2, 5))) if chinese else _word(rng),
        "{p}": lambda: rng.choice(_PLACES if chinese else _CITIES),
        "{n}": lambda: str(rng.randint(2, 999)),
        "{c}": lambda: rng.choice(_COINS),
    }
    return re.sub(r"\{.\}", lambda match: words[match.group()](), clause)


def _word(rng: random.Random) -> str:
    return " ".join(
        "".join(rng.choices("etaoinshrdlucmfwypvbgk", k=rng.randint(3, 8))) for _ in range(rng.randint(1, 2))
    )


def _edited(rng: random.Random, text: str, share: float) -> str:
    """That share of the characters or words replaced, dropped, or followed by another."""
    chinese = not text.isascii()
    units = list(text) if chinese else text.split(" ")
    edited = []
    for unit in units:
        other = rng.choice(_COMMON) if chinese else _word(rng).split()[0]
        how = rng.randrange(3) if rng.random() < share else -1
        edited += {-1: [unit], 0: [other], 1: [], 2: [unit, other]}[how]
    return ("" if chinese else " ").join(edited)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
