"""The draw's figures: is every entry as likely, does the independent verifier agree, does a changed bundle ever pass.

``python -m benchmarks.draw`` prints one JSON object; a minute on one core. ``--draws``, ``--campaigns`` shorten it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import math
import random
import struct
import tempfile
import time
from collections.abc import Sequence
from hmac import digest as hmac_digest
from pathlib import Path
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from bot.awards import beacon, randomness
from bot.awards.draw import Candidate, Commitment, Entry, Result, commit, draw, freeze
from bot.awards.permutation import shuffled
from bot.awards.publication import files
from bot.awards.verify_draw import check
from bot.settings import Draw

ENTRIES: Final = 1000
PLACES: Final = 50
_WORDS: Final = PLACES + 6  # a word is thrown away about once in five million: six to spare
_NOW: Final = dt.datetime(2025, 7, 27, 12, tzinfo=dt.UTC)
_HEX: Final = "0123456789abcdef"


class Network:
    """A drand network of one, whose secret is no secret: it signs as quicknet does."""

    def __init__(self, secret: int = 7, genesis: int = 1692803367) -> None:
        self._secret, key = Scalar(secret), (G2Point() * Scalar(secret)).to_compressed_bytes()
        group = hashlib.sha256(b"of one").digest()
        facts = (3).to_bytes(4, "big") + genesis.to_bytes(8, "big") + key + group + b"simulated"
        self.settings = Draw(
            chain=hashlib.sha256(facts).hexdigest(),
            public_key=key.hex(),
            genesis=genesis,
            period=3,
            group_hash=group.hex(),
            beacon_id="simulated",
        )
        self.chain = beacon.chain_of(self.settings)
        self.named = f"{self.chain.chain}:{genesis}:3"

    def beacon(self, number: int) -> beacon.Beacon:
        """A round, signed."""
        point = G1Point.hash_to_curve(beacon.message(number), b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_")
        signature = (point * self._secret).to_compressed_bytes()
        return beacon.Beacon(round=number, randomness=hashlib.sha256(signature).hexdigest(), signature=signature.hex())


NETWORK: Final = Network()


def seeds(first: int, count: int) -> list[bytes]:
    """The fixed seeds of the draws."""
    return [hashlib.sha256(b"gatewarden draw %d" % number).digest() for number in range(first, first + count)]


def heads(some: Sequence[bytes]) -> npt.NDArray[np.int64]:
    """The first places of one draw a seed, shape (seeds, 50): what ``shuffled`` gives, many draws at once."""
    blocks = -(-_WORDS // 8)
    raw = b"".join(hmac_digest(seed, struct.pack(">Q", i), "sha256") for seed in some for i in range(blocks))
    words = np.frombuffer(raw, ">u4").reshape(len(some), blocks * 8).astype(np.int64)
    order = np.tile(np.arange(ENTRIES), (len(some), 1))
    rows = np.arange(len(some))
    thrown = np.zeros(len(some), bool)
    for place in range(PLACES):
        left = ENTRIES - place
        thrown |= words[:, place] >= 2**32 - 2**32 % left
        chosen = place + words[:, place] % left
        there = order[rows, chosen]
        order[rows, chosen] = order[:, place]
        order[:, place] = there
    for row in np.flatnonzero(thrown):  # the words have shifted: the plain way
        order[row] = shuffled(range(ENTRIES), some[int(row)])
    return order[:, :PLACES]


def chi_square_p(statistic: float, freedom: int) -> float:
    """The chance of a chi-square at least this great, after Wilson and Hilferty (1931): four digits at 999 degrees."""
    spread = 2 / (9 * freedom)
    return 1 - NormalDist().cdf(((statistic / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread))


def bias(draws: int, step: int = 10_000) -> dict[str, Any]:
    """How often each entry won, and which entry came to which place, against what chance would do."""
    won = np.zeros(ENTRIES, np.int64)
    placed = np.zeros((PLACES, ENTRIES), np.int64)
    for first in range(0, draws, step):
        head = heads(seeds(first, min(step, draws - first)))
        won += np.bincount(head.ravel(), minlength=ENTRIES)
        for place in range(PLACES):
            placed[place] += np.bincount(head[:, place], minlength=ENTRIES)
    share = PLACES / ENTRIES
    # Without replacement the counts vary by n / (n - 1) of what independent ones do.
    of_won = float(((won - draws * share) ** 2).sum() / (draws * share * (1 - share))) * (ENTRIES - 1) / ENTRIES
    each = draws / ENTRIES
    of_places = [float(((row - each) ** 2).sum() / each) for row in placed]
    ps = sorted(chi_square_p(x, ENTRIES - 1) for x in of_places)
    return {
        "draws": draws,
        "won_chi_square": round(of_won, 1),
        "won_p": round(chi_square_p(of_won, ENTRIES - 1), 4),
        "places_p_least_of_50": round(ps[0], 4),
        "places_p_all": round(chi_square_p(sum(of_places), PLACES * (ENTRIES - 1)), 4),
    }


def campaign_of(rng: random.Random) -> tuple[Commitment, tuple[Entry, ...], randomness.Told, Result]:
    """A random campaign, drawn: up to 400 posts, one author in five with several, one in four not eligible."""
    count = rng.choice((0, 1, 2, 3, rng.randrange(4, 400)))
    candidates = [
        Candidate(
            post_id=str(rng.randrange(10**6, 10**9) * 1000 + number),
            author_id=None if rng.random() < 0.05 else f"a{rng.randrange(count)}",
            person=f"p{rng.randrange(count)}" if rng.random() < 0.5 else None,
            status="eligible" if rng.random() < 0.75 else "ineligible",
            codes=("duplicate.exact", "window.late")[: rng.randrange(1, 3)],
        )
        for number in range(count)
    ]
    entries = freeze(candidates, lambda: rng.randbytes(16).hex())
    source: randomness.Source
    told: randomness.Told
    if rng.random() < 0.5:
        source = randomness.drand_round(NETWORK.chain, _NOW + dt.timedelta(seconds=rng.randrange(10**6)), None)
        told = NETWORK.beacon(source.round)
    else:
        told = randomness.Reveals(reveals={f"party-{i}": rng.randbytes(32).hex() for i in range(rng.randrange(2, 6))})
        promises = {name: randomness.promise(name, secret) for name, secret in told.reveals.items()}
        source = randomness.parties(promises, _NOW, None)
    commitment = commit("c", "0" * 12, entries, source, _NOW)
    return commitment, entries, told, draw(commitment, entries, told)


def tampered(bundle: dict[str, bytes], rng: random.Random) -> dict[str, bytes]:
    """The bundle with one change: a byte, a digit, a line gone, doubled or moved, or two ranks exchanged."""
    name = rng.choice(sorted(bundle))
    body = bytearray(bundle[name])
    kind = rng.randrange(4)
    lines = bytes(body).splitlines(keepends=True)
    if kind == 1 and len(lines) > 1:
        at = rng.randrange(len(lines))
        change = rng.choice(("gone", "doubled", "moved"))
        line = lines.pop(at)
        if change != "gone":
            lines.insert(rng.choice([i for i in range(len(lines) + 1) if i != at]), line)
        if change == "doubled":
            lines.insert(at, line)
        return {**bundle, name: b"".join(lines)}
    if kind == 2:
        result = json.loads(bundle["result.json"])
        if len(result["ranking"]) > 1:
            a, b = rng.sample(range(len(result["ranking"])), 2)
            result["ranking"][a], result["ranking"][b] = result["ranking"][b], result["ranking"][a]
            return {**bundle, "result.json": json.dumps(result, sort_keys=True, separators=(",", ":")).encode()}
    if kind == 3 and body:
        digits = [i for i, byte in enumerate(body) if chr(byte) in _HEX]
        at = rng.choice(digits or range(len(body)))
        body[at] = ord(rng.choice([digit for digit in _HEX if ord(digit) != body[at]]))
        return {**bundle, name: bytes(body)}
    at = rng.randrange(len(body) + 1)
    changes = [b" ", b"0", bytes([rng.randrange(256)])]
    body[at : at + rng.randrange(2)] = rng.choice([c for c in changes if bytes(body[at : at + 1]) != c])
    return {**bundle, name: bytes(body)}


def verdict(bundle: dict[str, bytes], folder: Path) -> list[str] | None:
    """What the independent verifier says of a bundle: the ranking, or None where it refuses."""
    for name, body in bundle.items():
        (folder / name).write_bytes(body)
    try:
        return check(folder, chain=NETWORK.named)[0]
    except (SystemExit, OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def agreement(campaigns: int, seed: int = 7) -> dict[str, int]:
    """On how many random campaigns the verifier agrees, and how many changed bundles it lets pass."""
    agreed = passed = 0
    with tempfile.TemporaryDirectory() as name:
        for number in range(campaigns):
            rng = random.Random(seed * 1_000_003 + number)
            commitment, entries, told, result = campaign_of(rng)
            bundle = files(commitment, entries, told, result)
            agreed += verdict(bundle, Path(name)) == list(result.ranking)
            passed += verdict(tampered(bundle, rng), Path(name)) is not None
    return {"campaigns": campaigns, "verifier_agrees": agreed, "tampered_bundles_passed": passed}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000_000)
    parser.add_argument("--campaigns", type=int, default=1_000)
    options = parser.parse_args()
    began = time.perf_counter()
    figures = bias(options.draws) | agreement(options.campaigns)
    print(json.dumps(figures | {"seconds": round(time.perf_counter() - began, 1)}))


if __name__ == "__main__":
    main()
