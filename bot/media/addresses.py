"""Which addresses and URLs may be dialled for media. Pure: resolves nothing, dials nothing.

A post's URL is a stranger's wish that this machine connect somewhere. Only the public internet may answer it, and what
an operator permits beside it (``[fetch] allow_addresses``, ``allow_ports``).

A URL is taken apart here once, by the WHATWG URL standard's rules for hosts (Unicode to ASCII by UTS 46, then IPv4 in
any radix), and put together again from its judged parts: what is dialled is what was judged, never the text.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import quote

import idna
import msgspec

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_URL: Final = 4096
MAX_AUTHORITY: Final = 512
PUBLIC_PORTS: Final = frozenset({80, 443})

# IANA's IPv4 special-purpose registry: all that is not globally reachable, with multicast. Written out, because
# ipaddress.is_global differs between Python versions and calls multicast global.
_CLOSED_V4: Final = tuple(
    ipaddress.IPv4Network(net)
    for net in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; some clouds' metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host, reachable from every guest there
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Of IPv6 only global unicast is dialled; all that embeds an IPv4 address (mapped, compatible, NAT64, Teredo, 6to4)
# lies outside it or is taken out here.
_OPEN_V6: Final = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6: Final = tuple(
    ipaddress.IPv6Network(net)
    for net in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)

_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.ASCII | re.DOTALL
)
_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
# Characters that parsers disagree on: controls and spaces are dropped by some, the backslash is a slash to others.
# None of them may stand in the authority; in the path, what is no control character is percent-encoded.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DISPUTED: Final = re.compile(r"[\s\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\\]")


class Policy(msgspec.Struct, frozen=True):
    """What is permitted beside the public internet: networks and ports; ``hosts``, when not empty, are the only ones
    (with their subdomains)."""

    networks: tuple[Network, ...] = ()
    ports: tuple[int, ...] = ()
    hosts: tuple[str, ...] = ()


class Target(msgspec.Struct, frozen=True):
    """A URL that may be dialled, as far as its text can tell. ``host`` is an ASCII name or a canonical address,
    ``address`` its parsed form (None for a name); ``tail`` is the path and query, percent-encoded."""

    scheme: str
    host: str
    port: int
    tail: str
    address: Address | None

    @property
    def url(self) -> str:
        """The canonical form."""
        host = f"[{self.host}]" if isinstance(self.address, ipaddress.IPv6Address) else self.host
        return f"{self.scheme}://{host}:{self.port}{self.tail}"


def judge(address: Address, policy: Policy) -> bool:
    """Whether this address may be dialled.

    >>> judge(ipaddress.ip_address("8.8.8.8"), Policy()), judge(ipaddress.ip_address("::ffff:8.8.8.8"), Policy())
    (True, False)
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        if any(address in net for net in policy.networks):
            return True
        return address in _OPEN_V6 and not any(address in net for net in _CLOSED_V6)
    return any(address in net for net in policy.networks) or not any(address in net for net in _CLOSED_V4)


def judge_port(port: int, policy: Policy) -> bool:
    """Whether this port may be dialled."""
    return port in PUBLIC_PORTS or port in policy.ports


def judge_url(text: str, policy: Policy) -> Target | str:
    """The parsed URL, or the reason why it is refused: a stable snake_case word. Never raises.

    http and https are both allowed everywhere, on ports 80 and 443 and those that the policy adds: media are public
    and known by the hash of their bytes, and the checks here hold for either.
    """
    try:
        return _parse(text.strip(" \t\r\n"), policy)
    except _RefusedError as refusal:
        return refusal.reason


class _RefusedError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _parse(text: str, policy: Policy) -> Target:
    if len(text) > MAX_URL:
        raise _RefusedError("url_too_long")
    match = _URL.fullmatch(text)
    if match is None or len(match["authority"]) > MAX_AUTHORITY or _CONTROL.search(text):
        raise _RefusedError("url_malformed")
    if _DISPUTED.search(match["authority"]):
        raise _RefusedError("url_malformed")
    scheme = match["scheme"].lower()
    if scheme not in {"http", "https"}:
        raise _RefusedError("scheme_not_allowed")
    if "@" in match["authority"]:
        raise _RefusedError("user_info")
    host_text, port = _split_port(match["authority"])
    host = _bracketed(host_text) if host_text.startswith("[") else _host(host_text)
    if port is None:
        port = 443 if scheme == "https" else 80
    if not judge_port(port, policy):
        raise _RefusedError("port_not_allowed")
    address = None if isinstance(host, str) else host
    if address is not None and not judge(address, policy):
        raise _RefusedError("address_not_public")
    name = str(host)
    if policy.hosts and not any(name == allowed or name.endswith(f".{allowed}") for allowed in policy.hosts):
        raise _RefusedError("host_not_allowed")
    return Target(scheme, name, port, _tail(match["rest"]), address)


def _split_port(authority: str) -> tuple[str, int | None]:
    """The host's text and the port, None where none is written."""
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, ""
    if not host or (":" in host and not host.startswith("[")):
        raise _RefusedError("url_malformed")
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise _RefusedError("url_malformed")
    return host, int(port)


def _bracketed(text: str) -> ipaddress.IPv6Address:
    if "%" in text:
        raise _RefusedError("zone_id")
    try:
        if text.endswith("]"):
            return ipaddress.IPv6Address(text[1:-1])
    except ValueError:
        pass
    raise _RefusedError("host_malformed")


def _host(text: str) -> Address | str:
    """An ASCII name or an address. Percent-encoding in a host is refused: parsers disagree on it."""
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except ValueError as error:  # idna.IDNAError is a UnicodeError, which is a ValueError
            raise _RefusedError("host_malformed") from error
    name = text.lower().removesuffix(".")
    if len(name) > 253 or _NAME.fullmatch(name) is None:
        raise _RefusedError("host_malformed")
    if _NUMBER.fullmatch(name.rpartition(".")[2]) is None:
        return name
    value = _ipv4(name)
    if value is None:
        raise _RefusedError("host_malformed")
    return ipaddress.IPv4Address(value)


def _ipv4(name: str) -> int | None:
    """An IPv4 address in any form that resolvers take: one to four parts, decimal, octal or hexadecimal
    (WHATWG URL standard, "IPv4 parser"). None where it is none.

    >>> _ipv4("0x7f.1") == _ipv4("2130706433") == _ipv4("0177.0.0.1")
    True
    """
    numbers: list[int] = []
    for part in name.split("."):
        if _NUMBER.fullmatch(part) is None:
            return None
        base = 16 if part.startswith("0x") else 8 if part.startswith("0") and len(part) > 1 else 10
        try:
            numbers.append(int(part.removeprefix("0x") or "0", base))
        except ValueError:
            return None
    if len(numbers) > 4 or any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(numbers)):
        return None
    return numbers[-1] + sum(number << (24 - 8 * place) for place, number in enumerate(numbers[:-1]))


def _tail(rest: str) -> str:
    """Path and query, percent-encoded; what is encoded stays as it is. The fragment is dropped."""
    tail = quote(rest.partition("#")[0], safe="!#$%&'()*+,/:;=?@[]~", encoding="utf-8")
    return tail if tail.startswith("/") else f"/{tail}"
