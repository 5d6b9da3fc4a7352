"""Whether threshold advice holds on posts it has not seen: ``python -m benchmarks.advice [--posts N]``.

Made-up scores of entries with and without the brand, overlapping as a middling detector's do, and moderators who err in
one of a hundred cases. The first half was reviewed under a band of 0.2 to 0.8 and gives advice. On the second half the
queue, the recall (entries without the brand that end refused) and the entries with the brand that end refused are
counted before and after, the moderators' own errors included.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt

from bot.review.advice import Band, Budget, Floats, advise

Bools = npt.NDArray[np.bool_]

NOW = Band(low=0.2, high=0.8)


def main() -> None:
    """Several budgets, ten draws each: the mean, and the worst."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--posts", type=int, default=40_000)
    count = parser.parse_args().posts
    print("missed wronged   queue  least   recall, then    worst   refused, then")
    budgets = ((0.0, 0.005), (0.002, 0.005), (0.002, 0.01), (0.01, 0.01))
    for may in (Budget(missed=missed, wronged=wronged) for missed, wronged in budgets):
        runs = np.array([run(seed, count, may) for seed in range(10)])
        queue, before, after, refused, refused_then = runs.T
        print(
            f"{may.missed:>6.1%} {may.wronged:>7.1%} {-queue.mean():>7.1%} {-queue.min():>6.1%} {before.mean():>8.2%}"
            f" {after.mean():>6.2%} {(after - before).min():>+8.2%} {refused.mean():>8.2%} {refused_then.mean():>6.2%}"
        )


def run(seed: int, count: int, may: Budget) -> tuple[float, ...]:
    """One draw: share of the queue saved; recall before and after; entries with the brand refused before and after."""
    dice = np.random.default_rng(seed)
    branded = dice.random(count) < 0.6
    score = np.where(branded, dice.beta(5, 1.6, count), dice.beta(1.4, 5, count))
    word = branded ^ (dice.random(count) < 0.01)
    learnt = np.arange(count) < count // 2
    reviewed = learnt & (score >= NOW.low) & (score < NOW.high)
    found = advise(score[reviewed], word[reviewed], NOW, may, rejects=True)
    assert found is not None, "enough was decided"
    queue, recall, refused = zip(
        *(outcome(score[~learnt], branded[~learnt], word[~learnt], band) for band in (NOW, found.then)), strict=True
    )
    return 1 - queue[1] / queue[0], *recall, *refused


def outcome(score: Floats, branded: Bools, word: Bools, band: Band) -> tuple[float, float, float]:
    """Posts reviewed; entries without the brand that end refused; entries with it that do, as a share of their kind.
    Whoever is reviewed gets the moderator's word, right or wrong."""
    asked = (score >= band.low) & (score < band.high)
    accepted = np.where(asked, word, score >= band.high)
    return float(asked.sum()), float((~accepted)[~branded].mean()), float((~accepted)[branded].mean())


if __name__ == "__main__":
    main()
