"""Addresses and the networks they lie in. Pure: knows no socket and no request."""

from ipaddress import ip_address

from common.settings import Network, networks

LOOPBACK = "127.0.0.0/8,::1/128"
LOOPBACK_NETWORKS: tuple[Network, ...] = networks(LOOPBACK)


def is_within(address: str, listed: tuple[Network, ...]) -> bool:
    """Whether `address` lies in one of `listed`; an IPv4 address in IPv6 clothes counts as what it holds."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in listed)
