"""Reviewing over real HTTP: decisions in the order of the keys, claims, undo, sheets, pictures, and strangers' text."""

from __future__ import annotations

import asyncio
import datetime as dt
import html
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.clock import SystemClock
from bot.i18n import translator
from bot.model import Author
from bot.reports.dossier import dossier
from bot.review.page import present
from bot.review.page.reader import Reader
from bot.text_safety import one_line
from tests.integration.judged import TAG, Square
from tests.integration.page import Served, Visitor, served, waiting


class Later(SystemClock):
    """The system's clock, set ahead."""

    ahead = dt.timedelta()

    def now(self) -> dt.datetime:
        return super().now() + self.ahead


@pytest.fixture
def square(tmp_path: Path) -> Square:
    return waiting(tmp_path, 12)


def act(action: str, item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"action": action, "post_id": item["post_id"], "token": item["token"], **more}


async def status(page: Served, post_id: str) -> str:
    record = await page.house.store.read(lambda: page.house.store.store.verdicts.get(post_id))
    assert record is not None
    return record.status


async def test_keys_are_decided_in_their_order(square: Square) -> None:
    """Approve, reject, skip, flag in one request; each answered by itself; undo takes them back one by one."""
    async with served(square) as page:
        visitor = await page.visitor()
        first, second, third, fourth = (await visitor.step(want=4))["items"]
        told = await visitor.step(
            act("approve", first), act("reject", second, code="brand.absent"), act("skip", third), act("flag", fourth),
            want=2, count=True,
        )  # fmt: skip
        assert [(result["post_id"], result["wrong"]) for result in told["results"]] == [
            (item["post_id"], None) for item in (first, second, third, fourth)
        ]
        assert [await status(page, item["post_id"]) for item in (first, second, third)] == [
            "eligible", "ineligible", "review"
        ]  # fmt: skip
        assert told["waiting"] == 9  # decided two, flagged one away from this person
        shown = {item["post_id"] for item in told["items"]}
        assert len(shown) == 2 and shown.isdisjoint({item["post_id"] for item in (first, second, third, fourth)})
        undone = [(await visitor.step({"action": "undo"}))["results"][0] for _ in range(4)]
        assert [result["restored"] for result in undone] == [[i["post_id"]] for i in (fourth, second, first)] + [[]]
        assert undone[-1]["wrong"] is not None
        assert await status(page, first["post_id"]) == await status(page, second["post_id"]) == "review"


async def test_what_an_undo_brings_back_is_drawn_first(square: Square) -> None:
    """With a fresh claim, so that the next key acts on it."""
    async with served(square) as page:
        visitor = await page.visitor()
        first, second = (await visitor.step(want=2))["items"]
        await visitor.step(act("approve", first))
        told = await visitor.step({"action": "undo"}, have=[second["post_id"]], want=1)
        back = told["items"][0]
        assert (back["post_id"], back["first"]) == (first["post_id"], True)
        assert (await visitor.step(act("reject", back, code="rule.other")))["results"][0]["wrong"] is None


async def test_a_claim_that_was_taken_over_decides_nothing(square: Square) -> None:
    """After the lease another moderator has the post; the first one's key is refused, and one that is early too."""
    clock = Later()
    async with served(square, clock) as page:
        ann, bob = await page.visitor("ann"), await page.visitor("bob")
        [mine] = (await ann.step(want=1))["items"]
        assert mine["post_id"] not in [item["post_id"] for item in (await bob.step(want=11))["items"]]
        clock.ahead = dt.timedelta(minutes=3)
        [his] = [item for item in (await bob.step(want=12))["items"] if item["post_id"] == mine["post_id"]]
        told = await ann.step(act("approve", mine))
        assert told["results"][0]["wrong"] is not None
        assert await status(page, mine["post_id"]) == "review"
        assert (await ann.ask("/api/claims", renew=[mine["token"]]))["held"] == []
        assert (await bob.step(act("reject", his, code="rule.other")))["results"][0]["wrong"] is None
        assert await status(page, mine["post_id"]) == "ineligible"


async def test_a_claim_is_no_password(square: Square) -> None:
    """Whoever guesses another's token decides nothing with it, and lets nothing of theirs go."""
    async with served(square) as page:
        ann, bob = await page.visitor("ann"), await page.visitor("bob")
        [mine] = (await ann.step(want=1))["items"]
        assert (await bob.step(act("approve", mine)))["results"][0]["wrong"] is not None
        assert (await bob.ask("/api/bulk", tokens=[mine["token"]], action="approve"))["done"] == []
        await bob.ask("/api/claims", release=[mine["token"]])
        assert (await ann.ask("/api/claims", renew=[mine["token"]]))["held"] == [mine["token"]]


async def test_two_who_race_decide_each_post_once(tmp_path: Path) -> None:
    """Two moderators at full speed, each with posts fetched ahead: every post has one decision."""
    square = await asyncio.to_thread(waiting, tmp_path, 30)
    async with served(square) as page:

        async def work(visitor: Visitor) -> int:
            ready = (await visitor.step(want=4))["items"]
            done = 0
            while ready:
                item = ready.pop(0)
                told = await visitor.step(act("approve", item), have=[i["post_id"] for i in ready], want=1)
                done += told["results"][0]["wrong"] is None
                ready += told["items"]
            return done

        ann, bob = await page.visitor("ann"), await page.visitor("bob")
        assert sum(await asyncio.gather(work(ann), work(bob))) == 30
        decided = await page.house.store.read(
            lambda: [len(page.house.store.store.verdicts.decisions(str(n))) for n in range(1, 31)]
        )
        assert decided == [1] * 30


async def test_a_sheet_is_decided_but_for_those_picked_and_undone_as_one(square: Square) -> None:
    """Cards carry claims; all but one are rejected at once; one undo brings all of them back."""
    async with served(square) as page:
        visitor = await page.visitor()
        cards = (await visitor.step(want=60, form="card"))["items"]
        assert len(cards) == 12 and all('role="option"' in card["html"] for card in cards)
        chosen = cards[1:]
        told = await visitor.ask("/api/bulk", tokens=[c["token"] for c in chosen], action="reject", code="brand.absent")
        assert (sorted(told["done"]), told["left"]) == (sorted(c["post_id"] for c in chosen), [])
        [result] = (await visitor.step({"action": "undo"}))["results"]
        assert sorted(result["restored"]) == sorted(c["post_id"] for c in chosen)
        assert (await visitor.step(count=True))["waiting"] == 12


async def test_a_cluster_is_settled_as_it_was_drawn(tmp_path: Path) -> None:
    """The first to show a picture stays, its copies are rejected and come back with one undo."""

    def made() -> Square:
        square = Square(tmp_path)
        for number in range(1, 5):
            square.feed(str(number), f"u{number}", [f"cat {number}"])
        square.judge()
        return square

    async with served(await asyncio.to_thread(made)) as page:
        visitor = await page.visitor()
        said = await visitor.page("/cluster?id=2&part=1")
        cards = re.findall(r'data-post="(\d)" data-revision="(\d)" data-settles="1"', said)
        assert [post for post, _ in cards] == ["2", "3", "4"]
        drawn = [(post, int(revision)) for post, revision in cards[:2]]  # the third came after it was drawn
        told = await visitor.ask("/api/settle", post_id="2", code="duplicate.near", drawn=drawn)
        assert sorted(told["settled"]) == ["2", "3"]
        assert [await status(page, str(number)) for number in range(1, 5)] == [
            "eligible", "ineligible", "ineligible", "review"
        ]  # fmt: skip
        assert "clusters" in await visitor.page("/clusters")
        await visitor.step({"action": "undo"})
        assert await status(page, "2") == await status(page, "3") == "review"


async def test_notes_and_appeals(square: Square) -> None:
    """A note decides nothing; reopening puts a decided post back, and the history tells both."""
    async with served(square) as page:
        visitor = await page.visitor()
        [item] = (await visitor.step(want=1))["items"]
        post = item["post_id"]
        await visitor.ask("/api/note", post_id=post, text="look at the <b>hat</b>")
        await visitor.step(act("approve", item))
        await visitor.ask("/api/note", post_id=post, text="the author wrote", reopen=True)
        assert await status(page, post) == "review"
        said = await visitor.page(f"/post?id={post}")
        assert "look at the &lt;b&gt;hat&lt;/b&gt;" in said and "the author wrote" in said


async def test_a_filter_narrows_and_a_wrong_one_is_told(square: Square) -> None:
    """By words of people; what is wrong stands beside the field, and the field keeps what was typed."""
    async with served(square) as page:
        visitor = await page.visitor()
        assert (await visitor.step(want=60, filter="author:u3", count=True))["waiting"] == 1
        said = await visitor.page("/review?q=reason%3A%22%3Cb%3E")
        assert "is no reason code" in said and 'value="reason:&#34;&lt;b&gt;"' in said


async def test_pictures_are_encoded_anew(square: Square) -> None:
    """A JPEG of the same picture, but never the stored bytes; nothing for other names, nothing that can run."""
    async with served(square) as page:
        visitor = await page.visitor()
        [item] = (await visitor.step(want=1))["items"]
        [address] = set(re.findall(r'/media/[0-9a-f]{64}(?=")', item["html"]))
        stored = (square.folder / f"{item['post_id']}.jpg").read_bytes()
        for query, most in (("", (320, 240)), ("?small=1", (320, 240))):
            async with visitor.client.get(visitor.base + address + query) as answer:
                assert answer.status == 200
                assert answer.headers["Content-Type"] == "image/jpeg"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Cache-Control"].startswith("private")
                data = await answer.read()
            with Image.open(io.BytesIO(data)) as image:
                assert (image.format, image.size) == ("JPEG", most)
            assert data != stored and not data.endswith(stored[-4:])
        for other in (f"/media/{'0' * 64}", "/media/..%2f..%2fetc", f"{address}?frame=-1", f"{address}?frame=x"):
            async with visitor.client.get(visitor.base + other) as answer:
                assert answer.status in (400, 404), other
        page.house.pictures._blobs.path(address.rpartition("/")[2]).unlink()
        async with visitor.client.get(visitor.base + address) as answer:
            assert answer.status == 404  # what is forgotten is gone at once


class Seen(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.links: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, tuple(sorted(name for name, _ in attrs))))
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action")}

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def seen_in(said: str) -> Seen:
    seen = Seen()
    seen.feed(said)
    seen.close()
    return seen


_NASTY = ("</p><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "javascript:alert(1)",
          "\u202eevil\u202c", "&lt;b&gt;", "'\"`", "]]>", "<!--", "\x00\x1b[2J", "#a<b>#")  # fmt: skip
_TEXTS = st.text(max_size=80) | st.lists(st.sampled_from(_NASTY) | st.text(max_size=9), max_size=4).map("".join)


async def test_strangers_text_stays_text(square: Square) -> None:
    """Whatever a title, a text, a nickname or an address says: the page has the elements it always has, its links lead
    where they always lead or to the post's own http address, and every word of the author's is there to be read."""
    async with served(square) as page:
        visitor = await page.visitor()
        store = page.house.store.store
        record = store.verdicts.get("1")
        assert record is not None
        it = dossier(store, square.campaign, record)
        assert it.post is not None
        plain, now = it.post, SystemClock().now()
        reader = Reader(lang="en", say=translator("en"), campaign=square.campaign)
        template = page.house._templates.get_template("item.html")

        def drawn(title: str, text: str, name: str, url: str) -> str:
            import msgspec

            post = msgspec.structs.replace(
                plain, title=title, text=text, url=url, author=Author(id=name[:9], nickname=name)
            )
            item = present.item(msgspec.structs.replace(it, post=post), reader, now)
            return template.render(item=item, claim=None, lang="en", _=reader.say)

        usual = seen_in(drawn("t", f"{TAG} \u0430 #\u0430# \x00\n", "n", "https://a.test/"))

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(_TEXTS, _TEXTS, _TEXTS.filter(str.strip), _TEXTS)
        def holds(title: str, text: str, name: str, url: str) -> None:
            said = seen_in(drawn(title, text, name, url))
            assert {tag for tag, _ in said.elements} <= {tag for tag, _ in usual.elements}
            attributes = {name for _, names in said.elements for name in names}
            assert attributes <= {name for _, names in usual.elements for name in names}
            strange = said.links - usual.links
            assert strange <= {url} and all(link.lower().startswith(("http://", "https://")) for link in strange)
            words = "".join("".join(said.words).split())
            for part in re.split("\r\n|[\r\n\u2028\u2029]", text):
                assert "".join(one_line(part).split()) in words

        await asyncio.to_thread(holds)
        assert html.escape("<script>") in drawn("", "<script>", "n", "")
        assert visitor.csrf


async def test_the_dashboard_counts_what_is_stored(square: Square) -> None:
    """Its numbers, also as tables, are those of the decisions made and the posts that wait."""
    async with served(square) as page:
        visitor = await page.visitor()
        first, second, third = (await visitor.step(want=3))["items"]
        await visitor.step(act("approve", first), act("approve", second), act("reject", third, code="brand.absent"))
        await visitor.step({"action": "undo"})
        said = seen_in(await visitor.page("/dashboard"))
        words = " ".join(" ".join(said.words).split())
        assert "2 eligible 10 review 0 ineligible 0 withdrawn" in words
        assert "ann 2 " in words  # decisions that stand
