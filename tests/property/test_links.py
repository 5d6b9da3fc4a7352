"""Any text as a link: what is accepted is on a host that is known, and its normal form is itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.awards.links import MOST, SQUARE_HOSTS, X_HOSTS, NoLink, square_link, x_link

HOSTS = sorted(SQUARE_HOSTS | X_HOSTS)
ALPHABET = st.sampled_from(
    "x.comtwiegaé/:@?#%\\&=0123456789 \t\n\"'<>()[]{}|^~!-_,;ｘ。４ſK\u202e\u200b" + "post/status"
)
IDS = st.integers(1, 2**63 - 1).map(str)
PATHS = st.one_of(
    IDS.map(lambda i: f"/a/status/{i}"),
    IDS.map(lambda i: f"/post/status/{i}"),
    IDS.map(lambda i: f"/i/web/status/{i}/photo/1?s=20"),
    st.text(ALPHABET, max_size=30),
)
LABELS = st.text("abcdexgt.-wi@:[]\\ſK0", max_size=12)
NEAR = st.one_of(
    st.sampled_from(HOSTS),
    st.tuples(LABELS, st.sampled_from(HOSTS)).map("".join),
    st.tuples(st.sampled_from(HOSTS), LABELS).map("".join),
    LABELS,
)
LINKS = st.tuples(st.sampled_from(["https://", "http://", "HTTPS://", "", "//", "https:/", "ftp://"]), NEAR, PATHS).map(
    "".join
)
CELLS = st.one_of(
    LINKS, st.text(ALPHABET, max_size=80), st.text(max_size=60), st.lists(LINKS, max_size=3).map(" ".join)
)


@given(CELLS)
def test_the_normal_form_is_a_fixed_point(cell: str) -> None:
    """Reading the normal form of an accepted link gives the same link, for both kinds."""
    for read in (square_link, x_link):
        link = read(cell)
        if not isinstance(link, NoLink):
            assert read(str(link)) == link


@given(LINKS)
def test_no_other_host_is_ever_accepted(link: str) -> None:
    """By the judgement of another parser: what is accepted is on one of the hosts, without name and password."""
    for read, hosts in ((square_link, SQUARE_HOSTS), (x_link, X_HOSTS)):
        if not isinstance(read(link), NoLink):
            parts = urlsplit(link.strip() if "://" in link else f"https://{link.strip()}")
            assert parts.hostname in hosts
            assert parts.scheme in ("http", "https")
            assert parts.username is None and parts.password is None


@given(st.sampled_from(sorted(X_HOSTS)), IDS, st.sampled_from(["", "/photo/1", "?s=20", "/video/2?t=x#y"]))
def test_every_host_names_the_same_post(host: str, number: str, tail: str) -> None:
    """The id is all there is to a link, exactly as written."""
    link = x_link(f"https://{host}/Someone/status/{number}{tail}")
    assert not isinstance(link, NoLink) and link.id == number


@settings(max_examples=15)
@given(st.text(ALPHABET, min_size=MOST - 5, max_size=MOST + 5))
def test_a_long_cell_is_read_in_no_time(cell: str) -> None:
    """Hostile text of the greatest length gives an answer; nothing longer is looked at."""
    x_link(cell)
    assert x_link("https://x.com/a" * (MOST * 100)) == NoLink(fault="too_long")
