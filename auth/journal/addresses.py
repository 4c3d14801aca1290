"""What the journal shows of a client's address, as the operator chose: all of it, its network, or a keyed hash."""

import hmac
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

FULL, TRUNCATED, HASHED = "full", "truncated", "hashed"
FORMS = (FULL, TRUNCATED, HASHED)
PREFIX = {4: 24, 6: 48}
HASH_LETTERS = 32
REMEMBERED = 4096
PURPOSE = b"watchhouse: addresses in the journal"

Show = Callable[[str], str | None]


def show_by(form: str, secret: str) -> Show:
    """How an address is shown in `form`; what is none, as behind a socket, is not shown at all.

    The hash's key is made from `secret` for this purpose alone: without it nobody can try all addresses.
    """
    key = hmac.digest(secret.encode(), PURPOSE, sha256)

    @lru_cache(REMEMBERED)
    def show(text: str) -> str | None:
        address = _read(text)
        if address is None:
            return None
        if form == FULL:
            return str(address)
        if form == TRUNCATED:
            return str(ip_network((int(address), PREFIX[address.version]), strict=False))
        return hmac.digest(key, str(address).encode(), sha256).hex()[:HASH_LETTERS]

    return show


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """The address; one of IPv4 that came in IPv6's clothes, as it is: its /48 would be all of them."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
