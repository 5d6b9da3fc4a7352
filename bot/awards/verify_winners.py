"""Check the evidence of winners with nothing but Python: python3 verify_winners.py [FOLDER] [--published SHA256]
[--media FOLDER] [--chain HASH:GENESIS:PERIOD].

Every file is compared with manifest.json, and every change is named. Then everything that follows from other things is
computed anew: the draw (verify_draw.py), the scores, the order by views, who wins what after each change; and each
winner's chain is followed: award, rank, decision or verdict, evidence, hash of the media.
--published: the SHA-256 of manifest.json as the published list gives it; else you trust that this one was published.
--media: a folder that holds media as ab/cdef…, named by their hash: their bytes are hashed too.
--chain: of the draw, as verify_draw.py takes it.
"""

import argparse
import hashlib
import hmac
import json
import math
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PRIOR = 5
ALTERNATES = 10


def sha(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def changed_files(folder: Path, published: str | None) -> Iterator[str]:
    """What is not as the manifest says."""
    raw = (folder / "manifest.json").read_bytes()
    if published not in (None, sha(raw)):
        yield "manifest.json: is not the one that was published"
    if (folder / "manifest.sha256").read_bytes() != f"{sha(raw)}  manifest.json\n".encode():
        yield "manifest.json or manifest.sha256: changed"
    try:
        listed = json.loads(raw)["files"]
    except (ValueError, LookupError):
        yield "manifest.json: nothing can be compared with it"
        return
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    there = {name for name in there if "__pycache__" not in name} - {"manifest.json", "manifest.sha256"}
    yield from (f"{name}: missing" for name in sorted(set(listed) - there))
    yield from (f"{name}: not in the manifest" for name in sorted(there - set(listed)))
    for name in sorted(there & set(listed)):
        if sha((folder / name).read_bytes()) != listed[name]:
            yield f"{name}: changed"


def wrong_draw(folder: Path, basis: dict[str, Any], chain: str | None) -> Iterator[str]:
    """Whether the ranking by draw is the one that the published draw gives."""
    if not basis["entries"]:
        return
    try:
        check = runpy.run_path(str(folder / "verify_draw.py"))["check"]
        order, _ = check(folder / "draw", **({} if chain is None else {"chain": chain}))
    except SystemExit as refusal:
        yield f"draw/{refusal}"
        return
    entries, salts = basis["entries"], json.loads((folder / "draw" / "salts.json").read_bytes())
    ranked = [entries[post] for post in basis["rankings"]["draw"]]
    if ranked != [entry for entry in order if entry in set(ranked)] or len(order) - len(ranked) != salts["forgotten"]:
        yield "awards.json: the ranking by draw is not what was drawn"
    for post, salt in salts["salts"].items():
        if hmac.new(bytes.fromhex(salt), post.encode(), "sha256").hexdigest() != entries[post]:
            yield f"draw/salts.json: post {post} is not behind its entry"
    if set(salts["salts"]) != set(entries):
        yield "draw/salts.json: a post of the ranking has no salt"


def scores(given: list[dict[str, Any]], rubric: dict[str, int], seed: str) -> list[tuple[str, float]]:
    """Posts and normalised scores, the best first; docs/awards.md has the formula."""
    marked: dict[str, list[tuple[str, float]]] = {}
    taste: dict[str, list[int]] = {}
    first = next(iter(rubric))
    for g in given:
        marked.setdefault(g["judge"], []).append((g["post_id"], sum(rubric[c] * g["marks"][c] for c in rubric) / 10))
        taste.setdefault(g["post_id"], []).append(g["marks"][first])
    every = [x for own in marked.values() for _, x in own]
    mean = sum(every) / len(every)
    variance = sum((x - mean) ** 2 for x in every) / len(every)
    units: dict[str, list[float]] = {}
    for own in marked.values():
        weight, middle = len(own) / (len(own) + PRIOR), sum(x for _, x in own) / len(own)
        width = sum((x - middle) ** 2 for _, x in own) / len(own)
        middle = weight * middle + (1 - weight) * mean
        width = math.sqrt(weight * width + (1 - weight) * variance)
        for post, x in own:
            units.setdefault(post, []).append((x - middle) / width if width else 0.0)
    result = {post: mean + math.sqrt(variance) * sum(z) / len(z) for post, z in units.items()}
    code = {post: hmac.new(bytes.fromhex(seed), post.encode(), "sha256").hexdigest()[:10] for post in result}
    order = sorted(result, key=lambda p: (-round(result[p], 4), -round(sum(taste[p]) / len(taste[p]), 4), code[p]))
    return [(post, result[post]) for post in order]


def wrong_rankings(folder: Path, basis: dict[str, Any]) -> Iterator[str]:
    """Whether the rankings by score and by views follow from what was given and counted."""
    if basis["scores"]:
        judging = json.loads((folder / "judging.json").read_bytes())
        found = scores(judging["marks"], dict(basis["rubric"]), judging["seed"])
        if [post for post, _ in found] != basis["rankings"]["judged"]:
            yield "awards.json: the ranking by score does not follow from judging.json"
        for post, score in found:
            if abs(score - basis["scores"].get(post, {"score": -1})["score"]) > 0.0001:
                yield f"awards.json: the score of {post} does not follow from judging.json"
    views = [basis["views"][post] for post in basis["rankings"].get("views", [])]
    if views != sorted(views, reverse=True):
        yield "awards.json: the ranking by views is not in their order"


def outcome(basis: dict[str, Any], changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The winners and alternates of each tier, by the written rule."""
    out = set(basis["out"]) | {change["post_id"] for change in changes if change["kind"] == "disqualified"}
    people = {post: dict(who) for post, who in basis["contenders"].items()}
    for change in changes:
        if change["kind"] == "confirmed":
            people[change["post_id"]] |= {"unit": change["unit"], "region": change["region"], "confirmed": True}
    won: list[tuple[str, str]] = []
    tiers = {}
    named = [prize["voucher"] for prize in basis["prizes"]]
    for prize in basis["prizes"] if None in named else sorted(basis["prizes"], key=lambda prize: -prize["voucher"]):
        taken = {unit for method, unit in won if basis["one_prize"] or method == prize["method"]}
        line: list[tuple[int, str]] = []
        for rank, post in enumerate(basis["rankings"].get(prize["method"], []), 1):
            if post not in out and people[post]["unit"] not in taken:
                taken.add(people[post]["unit"])
                line.append((rank, post))
        awards = []
        for place, (rank, post) in enumerate(line[: prize["count"]], 1):
            who = people[post]
            form = "goods" if prize["voucher"] is None or who["region"] == "home" else who["region"] and "voucher"
            awards.append({"tier": prize["tier"], "place": place, "post_id": post, "rank": rank, "form": form})
            won.append((prize["method"], who["unit"]))
        spare = [post for _, post in line[prize["count"] :]][: max(prize["count"], ALTERNATES)]
        tiers[prize["tier"]] = {"tier": prize["tier"], "awards": awards, "alternates": spare}
    return [tiers[prize["tier"]] for prize in basis["prizes"]]


def wrong_outcome(folder: Path, basis: dict[str, Any]) -> Iterator[str]:
    """Whether the winners follow from the rankings, and what each winner's award rests on."""
    changes = json.loads((folder / "changes.json").read_bytes())
    said = json.loads((folder / "outcome.json").read_bytes())
    keys = ("tier", "place", "post_id", "rank", "form")
    short = [
        {**tier, "awards": [{key: award[key] for key in keys} for award in tier["awards"]]}
        for tier in ({key: t[key] for key in ("tier", "awards", "alternates")} for t in said)
    ]
    if short != outcome(basis, changes):
        yield "outcome.json: the winners do not follow from awards.json and changes.json"
    winners = [award["post_id"] for tier in said for award in tier["awards"]]
    files = {json.loads(path.read_bytes())["post_id"]: path for path in sorted((folder / "posts").iterdir())}
    if set(files) != set(winners):
        yield "posts: not one file for each winner"
    for post in winners:
        if post in files:
            yield from wrong_post(folder, files[post], basis)


def wrong_post(folder: Path, path: Path, basis: dict[str, Any]) -> Iterator[str]:
    """A winner's chain: frozen revision, decision or verdict, evidence, media."""
    it, name = json.loads(path.read_bytes()), path.relative_to(folder).as_posix()
    verdict, decision, post = it["verdict"], it["decision"], it["post_id"]
    if verdict["post_id"] != post or verdict["revision"] != basis["revisions"][post]:
        yield f"{name}: the verdict is not of the revision that was frozen"
    by_person = decision is not None and decision["action"] == "approve" and decision["revision"] == verdict["revision"]
    if not by_person and verdict["status"] != "eligible":
        yield f"{name}: neither rules nor a person accepted the post"
    if it["views"] is not None and sum(v["views"] for v in it["views"]) != basis["views"].get(post):
        yield f"{name}: the views do not add up"
    for media in it["media"]:
        raw = (folder / "evidence" / f"{media['sha256']}.json").read_bytes()
        if sha(raw) != media["evidence"] or json.loads(raw)["sha256"] != media["sha256"]:
            yield f"evidence/{media['sha256']}.json: is not the evidence of {name}"


def wrong_media(folder: Path, media: Path) -> Iterator[str]:
    """Media whose bytes are not those of their hash, or that are not there."""
    for path in sorted((folder / "evidence").iterdir()):
        stored = media / path.stem[:2] / path.stem[2:]
        if not stored.is_file():
            yield f"media {path.stem}: missing"
        elif sha(stored.read_bytes()) != path.stem:
            yield f"media {path.stem}: changed"


def problems(
    folder: Path, published: str | None = None, media: Path | None = None, chain: str | None = None
) -> list[str]:
    """Everything that is wrong, the changed files first; nothing more is looked at where files were changed."""
    found = list(changed_files(folder, published))
    if not found:
        basis = json.loads((folder / "awards.json").read_bytes())
        found = [*wrong_draw(folder, basis, chain), *wrong_rankings(folder, basis), *wrong_outcome(folder, basis)]
        if media is not None:
            found += wrong_media(folder, media)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Check the evidence of winners.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent)
    parser.add_argument("--published", metavar="SHA256")
    parser.add_argument("--media", type=Path, metavar="FOLDER")
    parser.add_argument("--chain", metavar="HASH:GENESIS:PERIOD")
    options = parser.parse_args()
    try:
        wrong = problems(options.folder, options.published, options.media, options.chain)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
        wrong = [f"{type(problem).__name__}: {problem}"]
    if wrong:
        raise SystemExit("\n".join(["NOT VALID", *wrong]))
    winners = sum(len(tier["awards"]) for tier in json.loads((options.folder / "outcome.json").read_bytes()))
    print(f"valid: {winners} winners, each from award to media")
