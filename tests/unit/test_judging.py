"""Who scores what, and what ranking comes out."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bot.awards import verify_winners
from bot.awards.judging import Held, Marked, next_post, ranking, takes_score, weighted

SEED = "5a" * 32
RUBRIC = {"creativity": 40, "quality": 30, "engagement": 30}


def mark(post_id: str, judge: str, *marks: int) -> Marked:
    return Marked(post_id=post_id, judge=judge, marks=dict(zip(RUBRIC, marks, strict=True)))


def test_a_score_is_the_weighted_sum() -> None:
    """Full marks are 100; each criterion counts as its weight says."""
    assert weighted({"creativity": 10, "quality": 10, "engagement": 10}, RUBRIC) == 100
    assert weighted({"creativity": 5, "quality": 0, "engagement": 1}, RUBRIC) == 23


@pytest.mark.parametrize("panel", [1, 2, 3])
def test_posts_are_handed_out_evenly_and_at_random(panel: int) -> None:
    """Whatever order judges come in: at no time has a post two scores more than another that its judge could have
    taken, in the end all have as many as the panel, no judge meets a post twice, and the orders differ."""
    rng = random.Random(panel)
    posts = [str(number) for number in range(40)]
    judges = ["ann", "bob", "cat", "dan"]
    done: list[Marked] = []
    orders: dict[str, list[str]] = {judge: [] for judge in judges}
    while judges_left := [j for j in judges if next_post(posts, done, j, {"7"} if j == "ann" else (), SEED, panel)]:
        judge = rng.choice(judges_left)
        post_id = next_post(posts, done, judge, {"7"} if judge == "ann" else (), SEED, panel)
        assert post_id is not None
        counts = Counter(dict.fromkeys(posts, 0)) + Counter(m.post_id for m in done)
        free = set(posts) - set(orders[judge]) - ({"7"} if judge == "ann" else set())
        assert counts[post_id] == min(counts[p] for p in free)
        orders[judge].append(post_id)
        done.append(mark(post_id, judge, 5, 5, 5))
    assert set(Counter(m.post_id for m in done).values()) == {panel}
    assert "7" not in orders["ann"]
    assert len({tuple(order[:5]) for order in orders.values()}) == 4
    assert all(order[:10] != sorted(order[:10], key=int) for order in orders.values())


def test_who_stands_back_leaves_the_post_to_others() -> None:
    """A post that a judge stood back from does not come again to them, and counts as not scored."""
    done = [Marked(post_id="1", judge="ann", marks=None)]
    assert next_post(["1"], done, "ann", (), SEED, 1) is None
    assert next_post(["1"], done, "bob", (), SEED, 1) == "1"
    assert ranking(done, ["1"], RUBRIC, SEED) == ()


class Sitting:
    """Judges at work on a few posts, over the pure functions alone; a post is kept for three ticks."""

    def __init__(self, posts: list[str], panel: int) -> None:
        self.posts, self.panel, self.now = posts, panel, 0
        self.done: dict[tuple[str, str], Marked] = {}
        self.lies: dict[str, tuple[str, int]] = {}

    @property
    def held(self) -> list[Held]:
        return [Held(judge=judge, post_id=post) for judge, (post, until) in self.lies.items() if until > self.now]

    def take(self, judge: str) -> str | None:
        found = next_post(self.posts, list(self.done.values()), judge, (), SEED, self.panel, self.held)
        if found is not None:
            self.lies[judge] = (found, self.now + 3)
        return found

    def give(self, judge: str, post_id: str) -> bool:
        takes = takes_score(post_id, judge, list(self.done.values()), self.panel, self.held)
        if takes:
            self.done[judge, post_id] = mark(post_id, judge, 5, 5, 5)
            if self.lies.get(judge, ("", 0))[0] == post_id:
                del self.lies[judge]
        return takes


@pytest.mark.parametrize("panel", [1, 2, 3])
def test_no_post_gets_more_scores_than_the_panel(panel: int) -> None:
    """Judges take posts, dawdle, lose them, score late and change their marks in any order: no post ever has more
    scores than the panel, whoever still holds a post is never refused, and in the end every post is full."""
    for seed in range(60):
        rng, judges = random.Random(seed), ["ann", "bob", "cat", "dan"]
        it, taken = Sitting([str(number) for number in range(rng.randrange(1, 6))], panel), []
        for _ in range(80):
            judge, act = rng.choice(judges), rng.randrange(4)
            if act == 0 and (found := it.take(judge)) is not None:
                taken.append((judge, found))
            elif act == 1 and judge in {held.judge for held in it.held}:
                assert it.give(judge, it.lies[judge][0])
            elif act == 2 and taken:
                it.give(*rng.choice(taken))
            else:
                it.now += 1
            scores = Counter(marked.post_id for marked in it.done.values())
            promised = Counter(held.post_id for held in it.held if (held.judge, held.post_id) not in it.done)
            assert max((scores + promised).values(), default=0) <= panel
        it.now += 3
        for judge in judges * len(it.posts):
            found = it.take(judge)
            assert found is None or it.give(judge, found)
        assert Counter(marked.post_id for marked in it.done.values()) == dict.fromkeys(it.posts, panel)


def test_a_judge_is_handed_the_same_post_until_it_is_scored() -> None:
    """What is kept for a judge comes again, even where another post has fewer scores by now; others get another."""
    first = next_post("12", [], "ann", (), SEED, 1)
    assert first is not None
    held = [Held(judge="ann", post_id=first)]
    assert next_post("12", [], "ann", (), SEED, 1, held) == first
    other = next_post("12", [], "bob", (), SEED, 1, held)
    assert other not in (None, first)
    assert next_post([first], [], "bob", (), SEED, 1, held) is None
    assert not takes_score(first, "bob", [], 1, held)
    assert takes_score(first, "bob", [mark(first, "bob", 1, 1, 1)], 1, held)


def test_a_severe_judge_does_no_harm() -> None:
    """Posts of known worth, each scored by two of four judges, one very severe and one very mild: the ranking is far
    closer to the truth than plain averages are."""
    rng = random.Random(4)
    shift = {"mild": 3, "even": 0, "also": 0, "hard": -3}
    truth = {str(number): number % 5 + 3 for number in range(60)}
    rng_order = list(truth)
    rng.shuffle(rng_order)
    done: list[Marked] = []
    for judge in shift:
        while len([m for m in done if m.judge == judge]) < 30:
            post_id = next_post(rng_order, done, judge, (), SEED, 2)
            if post_id is None:
                break
            done.append(mark(post_id, judge, *[min(10, max(0, truth[post_id] + shift[judge]))] * 3))
    found = ranking(done, truth, RUBRIC, SEED)
    assert len(found) == 60

    def wrong(order: list[str]) -> int:
        return sum(truth[b] > truth[a] for i, a in enumerate(order) for b in order[i + 1 :])

    plain = {p: sum(weighted(m.marks or {}, RUBRIC) for m in done if m.post_id == p) / 2 for p in truth}
    assert wrong([s.post_id for s in found]) < wrong(sorted(plain, key=lambda p: -plain[p])) / 3


def test_uncertainty_says_what_cannot_be_told_apart() -> None:
    """Judges who agree leave narrow ranks, judges who differ wide ones; the best and worst rank enclose the rank."""
    agree = [mark(str(p), j, p, p, p) for p in range(10) for j in ("ann", "bob", "cat")]
    sure = ranking(agree, [str(p) for p in range(10)], RUBRIC, SEED)
    assert [(s.post_id, s.best, s.rank, s.worst) for s in sure[:2]] == [("9", 1, 1, 1), ("8", 2, 2, 2)]
    rng = random.Random(1)
    noise = [mark(str(p), j, *[rng.randrange(11)] * 3) for p in range(10) for j in ("ann", "bob", "cat")]
    unsure = ranking(noise, [str(p) for p in range(10)], RUBRIC, SEED)
    assert all(s.best <= s.rank <= s.worst for s in (*sure, *unsure))
    assert sum(s.worst - s.best for s in unsure) > 20
    assert all(s.error == 0 for s in sure)
    assert all(s.error > 5 for s in unsure)


def test_ties_go_to_the_first_criterion_then_to_chance() -> None:
    """Equal scores: more creativity stands higher; else the random code decides, the same every time."""
    done = [mark("1", "ann", 3, 7, 0), mark("2", "ann", 6, 3, 0), mark("3", "ann", 3, 7, 0)]
    found = ranking(done, ["1", "2", "3"], RUBRIC, SEED)
    assert found[0].post_id == "2"
    assert found[0].score == found[1].score == found[2].score
    assert ranking(done[::-1], ["3", "2", "1"], RUBRIC, SEED) == found
    others = {ranking(done, ["1", "2", "3"], RUBRIC, f"{n:064x}")[1].post_id for n in range(9)}
    assert others == {"1", "3"}


def test_one_judge_alone_or_equal_scores_divide_by_nothing() -> None:
    """The smallest cases give a score and no failure."""
    assert [s.score for s in ranking([mark("1", "ann", 5, 5, 5)], ["1"], RUBRIC, SEED)] == [50.0]
    same = [mark(p, j, 5, 5, 5) for p in "12" for j in ("ann", "bob")]
    assert {(s.score, s.error) for s in ranking(same, "12", RUBRIC, SEED)} == {(50.0, 0.0)}


def test_the_shipped_verifier_agrees() -> None:
    """What ``verify_winners.py`` computes by its own code is the program's ranking, on 200 random panels with ties."""
    for number in range(200):
        rng = random.Random(number)
        posts = [str(n) for n in range(rng.randrange(1, 40))]
        most = rng.choice((1, 10))
        done = [
            mark(post_id, judge, *[rng.randrange(most + 1) for _ in RUBRIC])
            for post_id in posts
            for judge in rng.sample(["ann", "bob", "cat", "dan"], rng.randrange(1, 4))
        ]
        ours = [(s.post_id, s.score) for s in ranking(done, posts, RUBRIC, SEED)]
        given = [{"post_id": m.post_id, "judge": m.judge, "marks": m.marks} for m in done]
        theirs = verify_winners.scores(given, RUBRIC, SEED)
        assert [post_id for post_id, _ in theirs] == [post_id for post_id, _ in ours]
        assert [round(score, 4) for _, score in theirs] == pytest.approx([score for _, score in ours])
