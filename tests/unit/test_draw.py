"""The draw's algorithm, its list and its randomness, against fixed values and against the independent verifier."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import itertools
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.draw import NETWORK, Network, bias, campaign_of, chi_square_p, heads, seeds, tampered, verdict
from bot.awards import merkle, verify_draw
from bot.awards import randomness as r
from bot.awards.beacon import Beacon, DrandRound, chain_of
from bot.awards.draw import NAMELESS, SAME_UNIT, WAITING, Candidate, commit, draw, entry_name, freeze, root
from bot.awards.permutation import below, shuffled, words
from bot.awards.publication import files
from bot.errors import ConfigError, UserError
from bot.settings import Draw

NOW = dt.datetime(2025, 7, 27, 12, tzinfo=dt.UTC)
QUICKNET = chain_of(Draw())
PUBLISHED = {  # rounds of quicknet, as drand's own clients have them in their tests
    1000: "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
    657413: "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
    12040883: "929906c959032ab363c9f26570d215d66f5c06cb0c44fe508c12bb5839f04ec895bb6868e5b9ff13ab289bdb5266b394",
}
OF_FASTNET = "b09eacd45767c4d58306b98901ad0d6086e2663766f3a4ec71d00cf26f0f49eaf248abc7151c60cf419c4e8b37e80412"
QUICKNET_T = Draw(  # drand's test network of the same scheme
    chain="cc9c398442737cbd141526600919edd69f1d6f9b4adb67e4d912fbc64341a9a5",
    public_key="b15b65b46fb29104f6a4b5d1e11a8da6344463973d423661bb0804846a0ecd1ef93c25057f1c0baab2ac53e56c662b66"
    "072f6d84ee791a3382bfb055afab1e6a375538d8ffc451104ac971d2dc9b168e2d3246b0be2015969cbaac298f6502da",
    genesis=1689232296,
    group_hash="40d49d910472d4adb1d67f65db8332f11b4284eecf05c05c5eacd5eef7d40e2d",
    beacon_id="quicknet-t",
)


def as_told(number: int, signature: str) -> Beacon:
    """A round as a host would give it."""
    digest = hashlib.sha256(bytes.fromhex(signature)).hexdigest()
    return Beacon(round=number, randomness=digest, signature=signature)


def test_the_order_of_a_known_seed() -> None:
    """The vector of docs/draw.md: who re-implements the algorithm gets this order."""
    seed = hashlib.sha256(b"gatewarden").digest()
    assert list(itertools.islice(words(seed), 3)) == [1429627448, 3116505170, 480585179]
    assert "".join(shuffled("abcdefghij", seed)) == "idfechbgja"
    page = (Path(__file__).parents[2] / "docs" / "draw.md").read_text()
    assert all(fact in page for fact in (seed.hex()[:20], "1429627448, 3116505170, 480585179", "idfechbgja"))


def test_a_number_is_drawn_again_where_the_remainder_would_favour_some() -> None:
    """Of the words from 0 to 2**32 - 1 those beyond the last whole stretch are thrown away; all others count."""
    assert below(3, iter([2**32 - 1, 5])) == 2
    assert below(3, iter([2**32 - 2])) == 2
    assert below(2**31 + 1, iter([2**31 + 1, 2**32 - 1, 7])) == 7
    assert below(1, iter([2**32 - 1])) == 0


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 64, 100])
def test_the_tree_proves_each_line(count: int) -> None:
    """From each line its path leads to the root, and from no other line."""
    lines = [b"line %d" % i for i in range(count)]
    top, tree = merkle.root(lines), merkle.levels(lines)
    for index, line in enumerate(lines):
        assert merkle.follow(line, merkle.path(tree, index)) == top
        assert merkle.follow(line + b"x", merkle.path(tree, index)) != top


def test_a_tree_of_known_root() -> None:
    """The vectors of RFC 6962 as Certificate Transparency's own tests have them."""
    lines = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
    assert merkle.root([]).hex() == hashlib.sha256(b"").hexdigest()
    assert merkle.root(lines[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(lines[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert merkle.root(lines).hex() == "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"


def test_one_unit_draws_once_and_everybody_is_listed() -> None:
    """Two accounts of one person are one entry, the post of the lower id; whoever does not draw carries reasons; and
    the list shows no id."""
    posts = [
        Candidate(post_id="20", author_id="a", person="p", status="eligible"),
        Candidate(post_id="3", author_id="b", person="p", status="eligible"),
        Candidate(post_id="4", author_id="c", person=None, status="eligible"),
        Candidate(post_id="5", author_id=None, person=None, status="eligible"),
        Candidate(post_id="6", author_id="d", person="q", status="ineligible", codes=("window.late", "media.none")),
        Candidate(post_id="7", author_id="e", person="r", status="review"),
    ]
    entries = freeze(posts, random.Random(1).randbytes(16).hex)
    out = {entry.post_id: entry.out for entry in entries}
    assert out == {
        "3": None, "4": None, "20": (SAME_UNIT,), "5": (NAMELESS,), "6": ("media.none", "window.late"), "7": (WAITING,),
    }  # fmt: skip
    assert [e.entry for e in entries] == sorted(e.entry for e in entries)
    assert all(e.line.count(b'"') in (6, 8, 10) and len(e.entry) == 64 for e in entries)
    assert entry_name("3", "00") != entry_name("3", "01")


def test_a_round_is_the_first_after_an_hour() -> None:
    """The announced round comes an hour and at most one period and a second later; a sooner one is refused."""
    for second in range(9):
        now = NOW + dt.timedelta(seconds=second, microseconds=999_999)
        source = r.drand_round(QUICKNET, now, None)
        assert r.AHEAD <= source.due - now <= r.AHEAD + dt.timedelta(seconds=4)
        assert QUICKNET.first_at(source.due) == source.round
        assert QUICKNET.first_at(source.due + dt.timedelta(microseconds=1)) == source.round + 1
    with pytest.raises(UserError, match="an hour"):
        r.drand_round(QUICKNET, NOW, NOW + dt.timedelta(minutes=59))
    with pytest.raises(UserError, match="an hour"):
        r.parties({"a": "0" * 64, "b": "1" * 64}, NOW, NOW)


def test_rounds_that_drand_published_are_taken() -> None:
    """Three real rounds of quicknet, and the randomness that drand published of two of them."""
    found = {}
    for number, signature in PUBLISHED.items():
        source = msgspec.structs.replace(r.drand_round(QUICKNET, NOW, None), round=number)
        found[number] = r.randomness(source, as_told(number, signature)).hex()
    assert found[1000] == "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd"
    assert found[657413] == "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"


def test_a_round_must_be_the_announced_one_and_signed() -> None:
    """Another round, the signature of another round or another network, a made-up one, one that is no point, or
    randomness that is not its hash: none decides."""
    source = msgspec.structs.replace(r.drand_round(QUICKNET, NOW, None), round=1000)
    right = as_told(1000, PUBLISHED[1000])
    assert r.randomness(source, right).hex() == right.randomness
    wrong: list[r.Told] = [
        as_told(1001, PUBLISHED[1000]),
        as_told(1000, PUBLISHED[657413]),
        as_told(1000, OF_FASTNET),
        NETWORK.beacon(1000),
        as_told(1000, "c0" + 47 * "00"),
        as_told(1000, 48 * "00"),
        as_told(1000, "ff"),
        as_told(1000, PUBLISHED[1000] + "00"),
        msgspec.structs.replace(right, randomness="0" * 64),
        msgspec.structs.replace(right, randomness="zz"),
        msgspec.structs.replace(right, signature=right.signature.upper()),
        r.Reveals(reveals={}),
    ]
    for told in wrong:
        with pytest.raises(UserError):
            r.randomness(source, told)


def test_a_chain_is_known_by_its_hash() -> None:
    """The facts of drand's two networks of this scheme give their hashes; any other fact beside them does not."""
    assert chain_of(QUICKNET_T).chain == QUICKNET_T.chain != QUICKNET.chain
    for change in (
        {"chain": QUICKNET_T.chain},
        {"public_key": QUICKNET_T.public_key},
        {"public_key": "83"},
        {"genesis": 1692803366},
        {"genesis": 2**64},
        {"period": 30},
        {"group_hash": "xy"},
        {"beacon_id": "quicknet-t"},
    ):
        with pytest.raises(ConfigError, match=r"\[draw\]"):
            chain_of(msgspec.structs.replace(Draw(), **change))


def test_the_docs_check_the_signature(tmp_path: Path) -> None:
    """The program of docs/draw.md says "signed" of a real round of quicknet, and not of another signature."""
    page = (Path(__file__).parents[2] / "docs" / "draw.md").read_text()
    [program] = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    source = msgspec.structs.replace(r.drand_round(QUICKNET, NOW, None), round=1000)
    said = []
    for number in (1000, 657413):
        (tmp_path / "commitment.json").write_bytes(msgspec.json.encode({"randomness": source}))
        (tmp_path / "beacon.json").write_bytes(msgspec.json.encode(as_told(1000, PUBLISHED[number])))
        run = [sys.executable, "-c", program, str(tmp_path)]
        said.append(subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip())
    assert said == ["signed", "NOT SIGNED"]


def test_a_strange_chain_is_refused_by_the_verifier(tmp_path: Path) -> None:
    """An operator with a network of their own could know each round beforehand: it must be named to be taken."""
    posts = [Candidate(post_id=str(i), author_id=str(i), person=None, status="eligible") for i in range(5)]
    entries, own = freeze(posts, random.Random(1).randbytes(16).hex), Network(secret=8)
    made = commit("c", "v", entries, r.drand_round(own.chain, NOW, None), NOW)
    assert isinstance(made.randomness, DrandRound)
    told = own.beacon(made.randomness.round)
    bundle = files(made, entries, told, draw(made, entries, told))
    for name, body in bundle.items():
        (tmp_path / name).write_bytes(body)
    with pytest.raises(SystemExit, match="another chain"):
        verify_draw.check(tmp_path)
    assert len(verify_draw.check(tmp_path, chain=own.named)[0]) == 5


def test_every_party_must_keep_its_promise() -> None:
    """A missing secret, another secret, another party's secret, or a stranger: no draw."""
    secrets = {"ann": "aa" * 32, "bob": "bb" * 32}
    source = r.parties({name: r.promise(name, secret) for name, secret in secrets.items()}, NOW, None)
    assert len(r.randomness(source, r.Reveals(reveals=secrets))) == 32
    for wrong in ({"ann": "aa" * 32}, {**secrets, "bob": "aa" * 32}, {**secrets, "eve": "cc" * 32}):
        with pytest.raises(UserError, match=r"bob|eve"):
            r.randomness(source, r.Reveals(reveals=wrong))
    for promises in ({"ann": "0" * 64}, {"ann": "0" * 64, "b\nc": "0" * 64}, {"ann": "0" * 64, "bob": "xyz"}):
        with pytest.raises(UserError):
            r.parties(promises, NOW, None)


def test_the_result_hangs_on_every_part() -> None:
    """Another list, time or randomness gives another seed; the same give the same bytes."""
    rng = random.Random(5)
    posts = [Candidate(post_id=str(i), author_id=str(i), person=None, status="eligible") for i in range(30)]
    entries = freeze(posts, lambda: rng.randbytes(16).hex())
    told = r.Reveals(reveals={"ann": "aa" * 32, "bob": "bb" * 32})
    source = r.parties({n: r.promise(n, s) for n, s in told.reveals.items()}, NOW, None)
    first = commit("c", "v", entries, source, NOW)
    assert first.root == root(entries)
    seeds = {
        draw(changed, entries, told).seed
        for changed in (
            first,
            msgspec.structs.replace(first, root="0" * 64),
            msgspec.structs.replace(first, campaign="d"),
            msgspec.structs.replace(first, committed_at=NOW + dt.timedelta(seconds=1)),
        )
    }
    assert len(seeds) == 4
    assert draw(first, entries, told) == draw(first, entries, told)
    assert sorted(draw(first, entries, told).ranking) == [e.entry for e in entries]


def test_the_benchmark_draws_as_the_program_does() -> None:
    """Many draws at once give the same heads as one draw each."""
    some = seeds(0, 20)
    assert [list(row) for row in heads(some)] == [shuffled(range(1000), seed)[:50] for seed in some]


def test_no_entry_is_favoured() -> None:
    """The short form of the figure in benchmarks/draw.py: 20,000 draws of 50 from 1,000 with fixed seeds."""
    found = bias(20_000)
    assert found["won_p"] > 0.01
    assert found["places_p_all"] > 0.01
    assert chi_square_p(1100.0, 999) == pytest.approx(0.0137, abs=0.0005)


def test_the_verifier_is_short_and_needs_nothing() -> None:
    """At most 100 lines, importing the standard library only, and nothing of what it checks."""
    text = Path(verify_draw.__file__).read_text()
    assert len(text.splitlines()) <= 100
    named = re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)
    assert set(named) <= sys.stdlib_module_names


def test_the_verifier_takes_the_published_digest_and_a_receipt(tmp_path: Path) -> None:
    """As a program of its own it refuses another commitment than the one noted, and tells an author their place."""
    commitment, entries, told, result = campaign_of(random.Random(11))
    for name, body in files(commitment, entries, told, result).items():
        (tmp_path / name).write_bytes(body)
    mine = next(e for e in entries if e.entry == result.ranking[0])
    (tmp_path / "mine.json").write_text(json.dumps({"post_id": mine.post_id, "salt": mine.salt}))
    run = functools.partial(subprocess.run, capture_output=True, text=True, check=False)
    program = [sys.executable, "-I", verify_draw.__file__, str(tmp_path)]
    good = run([*program, "--published", result.commitment, "--receipt", str(tmp_path / "mine.json")])
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.endswith(f"your entry {mine.entry}: place 1\n")
    bad = run([*program, "--published", "0" * 64])
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr == "NOT VALID: commitment.json: is not the one that was published\n"
    lost = run([*program, "--receipt", str(tmp_path / "none.json")])
    assert (lost.returncode, lost.stderr.count("\n")) == (1, 1), "one line says what is wrong"


def test_the_verifier_agrees_and_lets_no_change_pass(tmp_path: Path) -> None:
    """The short form of the figure in benchmarks/draw.py: 100 random campaigns, each then changed in one place."""
    for number in range(100):
        rng = random.Random(number)
        commitment, entries, told, result = campaign_of(rng)
        bundle = files(commitment, entries, told, result)
        assert verdict(bundle, tmp_path) == list(result.ranking)
        assert verdict(tampered(bundle, rng), tmp_path) is None
