"""URLs of our own making, each with what must become of it, said without asking the code under test."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

CLOSED_V4 = (  # noqa: SIM905 - a table reads better
    "0.0.0.0 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.2 127.255.255.254 168.63.129.16 "
    "169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 "
    "198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255"
).split()
CLOSED_V6 = (  # noqa: SIM905 - a list of forty strings reads worse
    "::1 :: ::2 100::1 2001::1 2001:10::1 2001:20::1 2001:db8::1 2002:a00:1::1 3fff::1 5f00::1 64:ff9b:1::1 "
    "fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 ff0e::1 4000::1 e000::1"
).split()
OPEN_V4 = ("8.8.4.4", "1.1.1.1", "100.63.255.255", "172.32.0.1", "223.255.255.255")
OPEN_V6 = ("2606:4700::1111", "2001:4860:4860::8888", "2400:3200::1")
NAME_RESOLVES = {
    "example.com": "8.8.4.4", "img.example.com": "1.1.1.1", "my_bucket.s3.example.com": "8.8.4.4",
    "xn--r8jz45g.jp": "8.8.4.4", "xn--mnchen-3ya.de": "1.1.1.1", "127.0.0.1.example.com": "8.8.4.4",
    "xn--fiqs8s": "8.8.4.4", "0x.example.com": "8.8.4.4", "six.example.com": "2606:4700::1111",
}  # fmt: skip
_CIRCLED = {str(n): chr(0x2460 + n - 1) for n in range(1, 10)} | {"0": "⓪", ".": "."}
_WIDE = str.maketrans("0123456789.", "０１２３４５６７８９。")


@dataclass(frozen=True)
class Form:
    """A URL, and the one address and port that may be dialled for it: None where nothing may. ``answers``: what its
    name resolves to, where it is a name."""

    url: str
    dials: tuple[str, int] | None
    answers: tuple[str, ...] = ()


def spellings(address: str) -> list[str]:
    """Ways of writing an IPv4 address that some parser takes."""
    a, b, c, d = (int(part) for part in address.split("."))
    whole = int(ipaddress.IPv4Address(address))
    mixed = [
        ".".join(form.format(part) for form, part in zip(forms, (a, b, c, d), strict=True))
        for forms in itertools.product(("{}", "0x{:X}", "0{:o}"), repeat=4)
    ]
    return [
        *dict.fromkeys(
            [str(whole), hex(whole), f"0{whole:o}", f"{a}.{whole & 0xFFFFFF}", f"{a}.{b}.{c << 8 | d}", *mixed[::9],
             f"{address}.", f"0x{a:08x}.{b}.{c}.{d}", address.translate(_WIDE),
             "".join(_CIRCLED[char] for char in address)]
        )
    ]  # fmt: skip


def spellings_v6(address: str) -> list[str]:
    """Ways of writing an IPv6 address."""
    value = ipaddress.IPv6Address(address)
    low = int(value) & 0xFFFFFFFF
    dotted = f"{value.exploded[:29]}:{ipaddress.IPv4Address(low)}"
    return list(dict.fromkeys((value.compressed, value.exploded, value.exploded.upper(), dotted)))


def forms() -> list[Form]:
    """All of them, each URL once."""
    found = list(itertools.chain(_closed(), _open(), _names(), _refused()))
    return list({form.url: form for form in found}.values())


def _closed() -> Iterator[Form]:
    for number, address in enumerate(CLOSED_V4):
        for place, text in enumerate(spellings(address)):
            scheme = ("http", "https", "HTTP")[(number + place) % 3]
            port = ("", ":80", ":443", ":")[(number + place) % 4]
            yield Form(f"{scheme}://{text}{port}/a.jpg", None)
        for text in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}", f"::ffff:0:{address}"):
            yield Form(f"http://[{text}]/", None)
        packed = ipaddress.IPv4Address(address).packed.hex()
        yield Form(f"http://[2002:{packed[:4]}:{packed[4:]}::1]/", None)
    for address in CLOSED_V6:
        for text in spellings_v6(address):
            yield Form(f"http://[{text}]/a.png?x=1", None)
    for address in OPEN_V4:  # what embeds another address is closed whatever it embeds
        for text in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}"):
            yield Form(f"https://[{text}]/", None)


def _open() -> Iterator[Form]:
    for address in OPEN_V4:
        for place, text in enumerate(spellings(address)):
            scheme, port, dialled = (("http", "", 80), ("http", ":443", 443), ("http", ":80", 80))[place % 3]
            yield Form(f"{scheme}://{text}{port}/a.jpg", (address, dialled))
    for address in OPEN_V6:
        for text in spellings_v6(address):
            yield Form(f"http://[{text}]/a.jpg", (address, 80))


def _names() -> Iterator[Form]:
    ways = {
        "example.com": ("EXAMPLE.com", "example.com.", "ｅｘａｍｐｌｅ.com", "example。com"),
        "xn--r8jz45g.jp": ("例え.jp", "例え。jp", "XN--R8JZ45G.jp"),
        "xn--mnchen-3ya.de": ("münchen.de", "MÜNCHEN.de", "mu\u0308nchen.de"),
        "xn--fiqs8s": ("中国",),
    }
    tails = ("", "/", "/a.jpg", "/图 片.jpg", "?x=http://127.0.0.1/", "/a#b", "/a%20b;c=1?d=[e]", "/a\\b")
    for place, (name, address) in enumerate(NAME_RESOLVES.items()):
        for way in (name, *ways.get(name, ())):
            for tail in tails[place % 2 :: 2]:
                yield Form(f"http://{way}{tail}", (address, 80), (address,))
        yield Form(f"http://{name}:443/", (address, 443), (address,))
    for number, address in enumerate((*CLOSED_V4, *CLOSED_V6)):
        yield Form(f"http://inside{number}.example.org/", None, (address,))
        # Of mixed answers the public one may be dialled, and no other.
        yield Form(f"http://mixed{number}.example.org/", ("8.8.4.4", 80), (address, "8.8.4.4", address))
    for number, answers in enumerate(((), ("rubbish",), ("127.1",), ("fe80::1%eth0",), ("2130706433",), ("",))):
        yield Form(f"http://odd{number}.example.org/", None, answers)


def _refused() -> Iterator[Form]:
    for user in ("user@", "user:pass@", "@", "8.8.4.4@", "example.com%40", "a:b@c@", "example.com\\@", "[::1]@"):
        yield Form(f"http://{user}8.8.4.4/", None)
        yield Form(f"http://{user}127.0.0.2/", None)
    for scheme in ("file", "ftp", "ws", "wss", "gopher", "dict", "data", "jar", "ldap", "blob", "javascript", "httpx"):
        yield Form(f"{scheme}://8.8.4.4/etc/passwd", None)
    for port in ("22", "8080", "0", "65535", "65536", "-1", "٨٠", "80a", "80:80", "0x50", "+80", "25", "6379", " 80"):
        yield Form(f"http://8.8.4.4:{port}/", None)
    for host in (
        "", ".", "..", "-a.com", "a..com", "a.com..", "256.1.1.1", "1.2.3.4.5", "4294967296", "08.8.8.8", "1_0.8.8.8",
        "[]", "[::1", "::1", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[v1.a]", "[8.8.4.4]", "exa%6dple.com",
        "8.8.4.4%2f.example.com", "a" * 64 + ".com", "a." * 130 + "com", "exa mple.com", "exam\tple.com",
        "exam\u200bple.com", "exam\u00adple.com", "\u202eexample.com", "ex℀mple.com", "example.com\x00",
        "xn--a.com", "xn--zzzz\u200d.com", "0x", "8.8.4.4.0x", "%38.8.4.4", "８.８.４.４％", "a\ud800b.com",
    ):  # fmt: skip
        yield Form(f"http://{host}/a.jpg", None)
    for text in (
        "", " ", "//8.8.4.4/", "/a.jpg", "a.jpg", "http:/8.8.4.4/", "http:8.8.4.4", "http://", "http:///8.8.4.4",
        "http:\\\\8.8.4.4\\", "http://8.8.4.4\r\nHost: x/", "http://8.8.4.4/\x00", "http://8.8.4.4/\ud800",
        "http://8.8.4.4/a\r\nX: y", "://8.8.4.4", "http//8.8.4.4", "http://8.8.4.4/" + "a" * 5000, "\x00http://8.8.4.4/",
    ):  # fmt: skip
        yield Form(text, None)
