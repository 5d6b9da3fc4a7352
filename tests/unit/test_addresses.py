"""Which addresses and URLs may be dialled, told by text alone."""

from __future__ import annotations

import ipaddress
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.addresses import Policy, Target, judge, judge_port, judge_url

PUBLIC = Policy()
LOOPBACK = Policy(networks=(ipaddress.ip_network("127.0.0.0/8"),), ports=(8080,))

CLOSED = (  # noqa: SIM905 - a table reads better
    "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254 "
    "172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.7 "
    "203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 "
    ":: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:10::1 "
    "2001:20::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1"
).split()
OPEN = (  # noqa: SIM905
    "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 168.63.129.15 172.15.255.255 172.32.0.0 "
    "192.0.1.0 192.167.255.255 198.17.255.255 198.20.0.0 223.255.255.255 "
    "2606:4700::1111 2001:200::1 2001:4860:4860::8888 2400:3200::1 2a00:1450::1 2003::1"
).split()


@pytest.mark.parametrize("address", CLOSED)
def test_closed_addresses(address: str) -> None:
    """Every address that is not the public internet is refused, those that embed another address included."""
    assert not judge(ipaddress.ip_address(address), PUBLIC)


@pytest.mark.parametrize("address", OPEN)
def test_open_addresses(address: str) -> None:
    """Public addresses are allowed, those right beside a closed block included."""
    assert judge(ipaddress.ip_address(address), PUBLIC)


@given(st.ip_addresses(v=4))
def test_never_wider_than_the_standard_library(address: ipaddress.IPv4Address) -> None:
    """What this table opens, Python's own registry calls global too."""
    assert address.is_global or not judge(address, PUBLIC)


@given(st.ip_addresses(v=6))
def test_ipv6_outside_global_unicast_is_closed(address: ipaddress.IPv6Address) -> None:
    """Of IPv6 nothing outside 2000::/3 is ever dialled."""
    assert (int(address) >> 125 == 1) or not judge(address, PUBLIC)


def test_permitted_networks_open_only_themselves() -> None:
    """An operator's network is permitted beside the public ones, and nothing near it."""
    assert judge(ipaddress.ip_address("127.0.0.1"), LOOPBACK)
    assert not judge(ipaddress.ip_address("::1"), LOOPBACK)
    assert not judge(ipaddress.ip_address("::ffff:127.0.0.1"), LOOPBACK)
    assert not judge(ipaddress.ip_address("10.0.0.1"), LOOPBACK)
    assert [judge_port(port, LOOPBACK) for port in (80, 443, 8080, 8081, 0)] == [True, True, True, False, False]


def spellings(address: str) -> list[str]:
    """Every way of writing an IPv4 address that some resolver takes."""
    a, b, c, d = (int(part) for part in address.split("."))
    whole = int(ipaddress.IPv4Address(address))
    texts = [str(whole), hex(whole), f"0{whole:o}", f"{a}.{whole & 0xFFFFFF}", f"{a}.{b}.{c << 8 | d}"]
    texts += [
        ".".join(form.format(part) for form, part in zip(forms, (a, b, c, d), strict=True))
        for forms in itertools.product(("{}", "0x{:x}", "0{:o}", "0x000{:X}"), repeat=4)
    ]
    wide = str.maketrans("0123456789.", "０１２３４５６７８９。")
    circled = {str(n): chr(0x2460 + n - 1) for n in range(1, 10)} | {"0": "⓪"}
    return [
        *texts,
        *(f"{text}." for text in texts[:5]),
        address.translate(wide),
        "".join(circled.get(char, char) for char in address),
    ]


HOSTILE = ["127.0.0.1", "169.254.169.254", "10.1.2.3", "192.168.0.1", "168.63.129.16"]


@pytest.mark.parametrize("address", HOSTILE)
def test_no_spelling_of_a_closed_address_passes(address: str) -> None:
    """Over 260 spellings of one forbidden address: none is allowed, with or without a port, under either scheme."""
    for text in spellings(address):
        for scheme in ("http", "HTTPS"):
            for port in ("", ":80", ":443", ":"):
                assert isinstance(judge_url(f"{scheme}://{text}{port}/a.jpg", PUBLIC), str), text


def test_every_spelling_of_a_public_address_is_that_address() -> None:
    """The same spellings of a public address are read as the address they are, and dialled in canonical form."""
    for text in spellings("8.8.4.4"):
        target = judge_url(f"http://{text}/", PUBLIC)
        assert isinstance(target, Target), text
        assert target.url == "http://8.8.4.4:80/"


@pytest.mark.parametrize("embedded", ["127.0.0.1", "8.8.8.8"])
@pytest.mark.parametrize(
    "form",
    [
        "[::ffff:{}]",
        "[::{}]",
        "[64:ff9b::{}]",
        "[64:ff9b:1::{}]",
        "[::ffff:0:{}]",
        "[0:0:0:0:0:ffff:{}]",
        "[2002:7f::]",
    ],
)
def test_ipv6_that_embeds_ipv4(form: str, embedded: str) -> None:
    """Mapped, compatible, NAT64 and 6to4 forms are refused whatever they embed."""
    assert judge_url(f"http://{form.format(embedded)}/", PUBLIC) == "address_not_public"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "url_malformed"),
        ("//host/a.jpg", "url_malformed"),
        ("/a.jpg", "url_malformed"),
        ("a.jpg", "url_malformed"),
        ("http:/example.com", "url_malformed"),
        ("http:example.com", "url_malformed"),
        ("http://", "url_malformed"),
        ("http:///a.jpg", "url_malformed"),
        ("http://:80/", "url_malformed"),
        ("http://example.com:99999/", "url_malformed"),
        ("http://example.com:٨٠/", "url_malformed"),
        ("http://example.com:80:80/", "url_malformed"),
        ("http://example.com:-1/", "url_malformed"),
        ("http://exa mple.com/", "url_malformed"),
        ("http://example.com\\@127.0.0.1/", "url_malformed"),
        ("http://example.com\t/", "url_malformed"),
        ("http://example.com/\r\nHost: a", "url_malformed"),
        ("http://example.com/\x00", "url_malformed"),
        ("http://example.com/\ud800", "url_malformed"),
        ("http://exam\u200bple.com/", "url_malformed"),
        ("http://exam\u00adple.com/", "url_malformed"),
        ("http://\u202eexample.com/", "url_malformed"),
        ("file:///etc/passwd", "scheme_not_allowed"),
        ("ftp://example.com/a.jpg", "scheme_not_allowed"),
        ("ws://example.com/", "scheme_not_allowed"),
        ("gopher://example.com/", "scheme_not_allowed"),
        ("data://text/plain", "scheme_not_allowed"),
        ("http://user@example.com/", "user_info"),
        ("http://user:pass@example.com/", "user_info"),
        ("http://@example.com/", "user_info"),
        ("http://127.0.0.1@example.com/", "user_info"),
        ("http://example.com:8080/", "port_not_allowed"),
        ("http://example.com:0/", "port_not_allowed"),
        ("http://example.com:22/", "port_not_allowed"),
        ("http://[fe80::1%25eth0]/", "zone_id"),
        ("http://[fe80::1%eth0]/", "zone_id"),
        ("http://[::1]/", "address_not_public"),
        ("http://[::1/", "host_malformed"),
        ("http://::1/", "url_malformed"),
        ("http://[]/", "host_malformed"),
        ("http://[v1.fe80]/", "host_malformed"),
        ("http://[127.0.0.1]/", "host_malformed"),
        ("http://1.2.3.4.5/", "host_malformed"),
        ("http://256.1.1.1/", "host_malformed"),
        ("http://4294967296/", "host_malformed"),
        ("http://1_0.8.8.8/", "host_malformed"),
        ("http://08.8.8.8/", "host_malformed"),
        ("http://example..com/", "host_malformed"),
        ("http://-example.com/", "host_malformed"),
        ("http://exa%6dple.com/", "host_malformed"),
        ("http://127.0.0.1%2f.example.com/", "host_malformed"),
        ("http://example.com。127.0.0.1/", "host_malformed"),
        ("http://ex℀mple.com/", "host_malformed"),
        ("http://" + "a" * 64 + ".com/", "host_malformed"),
        ("http://" + "a." * 130 + "com/", "host_malformed"),
        ("http://" + "é" * 600 + "/", "url_malformed"),
        ("http://example.com/" + "a" * 4096, "url_too_long"),
    ],
)
def test_refusals_have_reasons(url: str, reason: str) -> None:
    """Each kind of bad URL is refused with its own stable word; nothing raises."""
    assert judge_url(url, PUBLIC) == reason


@pytest.mark.parametrize(
    ("url", "dialled"),
    [
        ("http://example.com", "http://example.com:80/"),
        ("https://EXAMPLE.com/A.jpg?b=C#frag", "https://example.com:443/A.jpg?b=C"),
        ("  https://example.com/a.jpg\n", "https://example.com:443/a.jpg"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("https://example.com./", "https://example.com:443/"),
        ("https://my_bucket.s3.amazonaws.com/k", "https://my_bucket.s3.amazonaws.com:443/k"),
        ("https://例え.jp/图 片.jpg", "https://xn--r8jz45g.jp:443/%E5%9B%BE%20%E7%89%87.jpg"),
        ("https://xn--r8jz45g.jp/a%20b", "https://xn--r8jz45g.jp:443/a%20b"),
        ("https://example.com?x=http://127.0.0.1/", "https://example.com:443/?x=http://127.0.0.1/"),
        ("https://example.com/a\\b", "https://example.com:443/a%5Cb"),
        ("https://[2606:4700::1111]:443/a", "https://[2606:4700::1111]:443/a"),
        ("https://0x.example.com/", "https://0x.example.com:443/"),
        ("https://127.0.0.1.example.com/", "https://127.0.0.1.example.com:443/"),
    ],
)
def test_allowed_forms(url: str, dialled: str) -> None:
    """Ordinary URLs pass, and what is dialled is put together from the judged parts."""
    target = judge_url(url, PUBLIC)
    assert isinstance(target, Target)
    assert target.url == dialled


def test_host_list() -> None:
    """With a host list only those hosts and their subdomains pass; a name that merely ends alike does not."""
    policy = Policy(hosts=("gate.com",))
    passed = [
        isinstance(judge_url(f"https://{host}/", policy), Target)
        for host in ("gate.com", "img.gate.com", "GATE.com.", "evilgate.com", "gate.com.evil.net", "8.8.8.8")
    ]
    assert passed == [True, True, True, False, False, False]


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://[", "http://127.0.0.1", "//"]))
def test_never_raises_and_never_lets_a_closed_literal_through(tail: str, head: str) -> None:
    """Any text at all gives a reason or a target; a target that is an address is a permitted one, in ASCII."""
    target = judge_url(head + tail, PUBLIC)
    if isinstance(target, Target):
        assert target.url.isascii()
        assert target.port in (80, 443)
        assert target.address is None or judge(target.address, PUBLIC)
