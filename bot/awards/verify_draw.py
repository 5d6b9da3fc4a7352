"""Check a published draw with nothing but Python: verify_draw.py FOLDER [--published SHA256] [--receipt FILE]
[--chain HASH:GENESIS:PERIOD]. FOLDER holds commitment.json, entries.jsonl, beacon.json, result.json.
--published: the SHA-256 of commitment.json as you noted it before the draw; else you trust that it was this one.
--chain: the drand network that you trust, if not quicknet. NOT checked here: that this network signed the round.
--receipt: tells where your own entry stands. The rules, and how to check the signature: docs/draw.md."""

import argparse
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971:1692803367:3"  # hash, start, seconds
FORMAT = "gatewarden-draw-1"


def _written(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _need(true: bool, file: str, what: str) -> None:
    if not true:
        raise SystemExit(f"NOT VALID: {file}: {what}")


def _tree(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return hashlib.sha256(b"\0" + leaves[0] if leaves else b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1  # RFC 6962: the largest power of two below their number
    return hashlib.sha256(b"\1" + _tree(leaves[:half]) + _tree(leaves[half:])).digest()


def _ranked(hat: list[str], seed: bytes) -> list[str]:
    """Draw all names out of a hat; the first name left moves into the gap."""
    out, pool, block = [], b"", 0
    for done in range(len(hat) - 1):
        left, word = len(hat) - done, 2**32
        while word >= 2**32 // left * left:  # beyond the last whole stretch some names would be likelier
            if not pool:
                pool, block = hmac.new(seed, block.to_bytes(8, "big"), "sha256").digest(), block + 1
            word, pool = int.from_bytes(pool[:4], "big"), pool[4:]
        out.append(hat[done + word % left])
        hat[done + word % left] = hat[done]
    return out + hat[len(out) :]


def check(folder: Path, published: str | None = None, chain: str = QUICKNET) -> tuple[list[str], dict[str, list[str]]]:
    """The order of the entries that draw, and the reasons of the others. Ends the program at what does not fit."""
    raw = {kind: (folder / f"{kind}.json").read_bytes() for kind in ("commitment", "beacon", "result")}
    for kind, text in raw.items():
        _need(_written(json.loads(text)) == text, f"{kind}.json", "is not in canonical form")
    promised, told, result = (json.loads(text) for text in raw.values())
    digest = hashlib.sha256(raw["commitment"])
    _need(published in (None, digest.hexdigest()), "commitment.json", "is not the one that was published")
    lines = (folder / "entries.jsonl").read_bytes().split(b"\n")
    _need(lines.pop() == b"" and _tree(lines).hex() == promised["root"], "entries.jsonl", "has another Merkle root")
    entries = {entry["entry"]: entry["out"] for entry in map(json.loads, lines)}
    hat = [name for name, out in entries.items() if out is None]
    facts = (len(lines), len(entries), len(hat), FORMAT, sorted(entries))
    stated = (promised["entries"], promised["entries"], promised["drawn_from"], promised["format"], list(entries))
    _need(facts == stated, "commitment.json", "counts, order or format are wrong")
    source = promised["randomness"]
    if source["kind"] == "drand":
        _need(f"{source['chain']}:{source['genesis']}:{source['period']}" == chain, "commitment.json", "another chain")
        due = datetime.fromtimestamp(source["genesis"] + (source["round"] - 1) * source["period"], UTC)
        random = hashlib.sha256(signature := bytes.fromhex(told["signature"]))
        fits = {"round": source["round"], "signature": signature.hex(), "randomness": random.hexdigest()}
        _need(told == fits, "beacon.json", "is not the announced round, or not the hash of its signature")
    else:
        due, random = datetime.fromisoformat(source["not_before"]), hashlib.sha256(_written(told["reveals"]))
        shown = {name: hashlib.sha256(_written([name, secret])).hexdigest() for name, secret in told["reveals"].items()}
        _need((shown, len(told)) == (source["promises"], 1), "beacon.json", "is not what the parties promised")
    ahead = due - datetime.fromisoformat(promised["committed_at"])
    _need(ahead >= timedelta(hours=1), "commitment.json", "the randomness came less than an hour after it")
    seed = hmac.new(random.digest(), FORMAT.encode() + digest.digest(), "sha256").digest()
    order = _ranked(hat, seed)
    right = {"format": FORMAT, "commitment": digest.hexdigest(), "randomness": random.hexdigest(), "seed": seed.hex()}
    _need(result == {**right, "ranking": order}, "result.json", "is not what the rules give")
    return order, {name: out for name, out in entries.items() if out is not None}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Check a published draw.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--published", metavar="SHA256")
    parser.add_argument("--chain", metavar="HASH:GENESIS:PERIOD", default=QUICKNET)
    parser.add_argument("--receipt", type=Path, metavar="FILE")
    options = parser.parse_args()
    try:
        ranking, others = check(options.folder, options.published, options.chain)
        mine = json.loads(options.receipt.read_bytes()) if options.receipt else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
        raise SystemExit(f"NOT VALID: {type(problem).__name__}: {problem}") from None
    print(f"valid: {len(ranking)} entries drew, {len(others)} did not; the first is {(ranking or ['nobody'])[0]}")
    print(f"compare a drand round with https://api.drand.sh/{options.chain.partition(':')[0]}/public/ROUND")
    if mine:
        mark = hmac.new(bytes.fromhex(mine["salt"]), mine["post_id"].encode(), "sha256").hexdigest()
        place = f"place {ranking.index(mark) + 1}" if mark in ranking else others.get(mark, "not in the list")
        print(f"your entry {mark}: {place}")
