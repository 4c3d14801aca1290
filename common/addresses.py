"""Which addresses may be connected to when somebody else chose the URL. Pure: resolves no name and opens no socket.

Everything that is not plainly public is refused, whatever clothes it wears, unless the operator listed it.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import unquote, urlsplit

from common.settings import Network, words

Address = IPv4Address | IPv6Address

# The first that holds an address names its kind: narrower ones stand before wider ones.
KINDS: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for kind, listed in (
        ("unspecified", "0.0.0.0/8 ::/128"),
        ("loopback", "127.0.0.0/8 ::1/128"),
        ("link-local", "169.254.0.0/16 fe80::/10"),
        ("private", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10 64:ff9b:1::/48"),
        ("shared", "100.64.0.0/10"),
        ("benchmark", "198.18.0.0/15 2001:2::/48"),
        ("documentation", "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20"),
        ("multicast", "224.0.0.0/4 ff00::/8"),
        ("broadcast", "255.255.255.255/32"),
        ("reserved", "192.0.0.0/24 192.88.99.0/24 240.0.0.0/4 2001::/23 5f00::/16 100::/63"),
    )
    for network in listed.split()
)
GLOBAL_IPV6 = ip_network("2000::/3")
COMPATIBLE = ip_network("::/96")
NAT64 = ip_network("64:ff9b::/96")
PORTS = {"http": 80, "https": 443}
NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)
NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")


@dataclass(frozen=True)
class Allowed:
    """What an operator listed: networks, on one port or all, and names with their port."""

    networks: tuple[tuple[Network, int | None], ...] = ()
    names: frozenset[tuple[str, int]] = frozenset()

    def holds(self, address: str, port: int) -> bool:
        """Whether `address` lies in a listed network, as it stands or as what it holds."""
        found = parse_address(address)
        if found is None or not self.networks:
            return False
        inner = held_by(found)
        return self._lists(found, port) or bool(inner and all(self._lists(held, port) for held in inner))

    def names_host(self, host: str, port: int) -> bool:
        """Whether a URL with this very host and port is listed."""
        return (host.lower().rstrip("."), port) in self.names

    def _lists(self, address: Address, port: int) -> bool:
        return any(only in {None, port} and address in network for network, only in self.networks)


NOTHING = Allowed()


def judge(address: str, port: int, allowed: Allowed) -> str | None:
    """The kind of address that is refused (`loopback`, `private` ...), or None when one may connect."""
    return None if allowed.holds(address, port) else kind_of(address)


@lru_cache(maxsize=16_384)
def kind_of(address: str) -> str | None:
    """What keeps `address` from being public; None when it is."""
    found = parse_address(address)
    return "no address" if found is None else _kind_of(found)


def _kind_of(address: Address) -> str | None:
    inner = held_by(address)
    for held in inner:
        if kind := _kind_of(held):
            return kind
    for network, kind in KINDS:
        if address in network:
            return kind
    return "reserved" if address.version == 6 and not inner and address not in GLOBAL_IPV6 else None


def parse_address(address: str) -> Address | None:
    """An address as the system writes it, without the zone that a link-local one may carry."""
    try:
        return ip_address(address.partition("%")[0])
    except ValueError:
        return None


def held_by(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address stands for: mapped, compatible, NAT64, 6to4, Teredo.

    NAT64 for local use (RFC 8215) is not among them: where its prefix is cut is the network's own secret, so it is
    private as a whole.
    """
    if isinstance(address, IPv4Address):
        return ()
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address.ipv4_mapped is not None or address in NAT64 or (address in COMPATIBLE and int(address) > 1):
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


def parse_allowed(raw: str) -> Allowed:
    """Reads `network`, `network:port`, `[v6 network]:port` and `host:port`, parted by commas; `none` for none."""
    networks: list[tuple[Network, int | None]] = []
    names: set[tuple[str, int]] = set()
    for word in words(raw) if raw.strip() != "none" else ():
        host, port = _part_port(word)
        network = _network(host)
        if network is not None:
            networks.append((network, port))
        elif port is not None and NAME.fullmatch(host):
            names.add((host.lower().rstrip("."), port))
        else:
            raise ValueError(f"{word!r} is neither a network, network:port nor host:port")
    return Allowed(tuple(networks), frozenset(names))


def _part_port(word: str) -> tuple[str, int | None]:
    if _network(word) is not None:  # an IPv6 network is full of colons
        return word, None
    host, colon, raw_port = word.rpartition(":")
    if not colon:
        return word, None
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not raw_port.isdecimal() or not 1 <= int(raw_port) <= 65535:
        raise ValueError(f"{word!r} has no port from 1 to 65535")
    return host, int(raw_port)


def _network(word: str) -> Network | None:
    try:
        return ip_network(word)
    except ValueError:
        return None


def refuse_url(url: str, allowed: Allowed) -> str | None:
    """Why `url` may not be watched or called, or None. A name's address is judged when it is connected to.

    Signs that one reader of URLs takes for another's separator are refused, so that all readers see the same host.
    """
    if not url.isascii() or not url.isprintable() or any(sign in ' \\<>"^`{|}' for sign in url):
        return "must be an http or https URL without spaces and special signs; percent-encode them"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "must be an http or https URL"
    if parts.scheme not in PORTS or not host or port == 0:
        return "must be an http or https URL"
    if "@" in parts.netloc:
        return "must hold no user name or password: send them in a header"
    return _refuse_host(host, port or PORTS[parts.scheme], allowed)


def _refuse_host(host: str, port: int, allowed: Allowed) -> str | None:
    if allowed.names_host(host, port):
        return None
    address = literal_address(host)
    if address is not None:
        kind = judge(str(address), port, allowed)
        return kind and f"its address is {kind}, which PROBE_ALLOW does not list"
    name = plain_host(host).rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return "its address is loopback, which PROBE_ALLOW does not list"
    if not NAME.fullmatch(name) or NUMBER.fullmatch(name.rpartition(".")[2]):
        return "its host is neither a name nor an address"
    return None


def plain_host(host: str) -> str:
    """A host as a resolver would see it: decoded, lower case, wide digits and dots made plain, without brackets."""
    plain = unicodedata.normalize("NFKC", unquote(host)).replace("\u3002", ".").strip().lower()
    return plain[1:-1] if plain.startswith("[") and plain.endswith("]") else plain


def literal_address(host: str) -> Address | None:
    """The address that `host` spells, in every way that the system's own reader takes: 2130706433, 0x7f.1, 127.1."""
    plain = plain_host(host)
    found = parse_address(plain)
    if found is not None:
        return found
    parts = plain.removesuffix(".").split(".")
    if not 1 <= len(parts) <= 4 or not all(NUMBER.fullmatch(part) for part in parts):
        return None
    numbers = [_read_number(part) for part in parts]
    return None if None in numbers else _join(numbers)


def _read_number(part: str) -> int | None:
    """Hexadecimal after 0x, octal after 0, else decimal."""
    try:
        if part.startswith("0x"):
            return int(part[2:] or "0", 16)
        return int(part, 8) if part.startswith("0") else int(part)
    except ValueError:
        return None


def _join(numbers: list[Any]) -> IPv4Address | None:
    """The last number fills all bytes that the ones before it leave."""
    *first, last = numbers
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    return IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(first)) + last)
