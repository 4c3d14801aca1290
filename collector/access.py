"""Who may read the collector's port. Pure: knows addresses and headers, no sockets."""

import hmac
from ipaddress import IPv6Address, ip_address

from collector.settings import Settings

HEALTH = "/healthz"


def may_read(path: str, address: str, authorization: str, settings: Settings) -> bool:
    """Whether a request from `address` may read `path`: a listed network, the token, or health from this machine."""
    peer = ip_address(address.partition("%")[0])
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped:
        peer = peer.ipv4_mapped
    if any(peer in network for network in settings.metrics_networks) or (path == HEALTH and peer.is_loopback):
        return True
    expected = f"Bearer {settings.metrics_token}".encode()
    return bool(settings.metrics_token) and hmac.compare_digest(authorization.encode(), expected)
