"""Who may read the collector's port. Pure: knows addresses and headers, no sockets."""

import hmac

from collector.settings import Settings
from common.networks import LOOPBACK_NETWORKS, is_within

HEALTH = "/healthz"


def may_read(path: str, address: str, authorization: str, settings: Settings) -> bool:
    """Whether a request from `address` may read `path`: a listed network, the token, or health from this machine."""
    peer = address.partition("%")[0]
    if is_within(peer, settings.metrics_networks) or (path == HEALTH and is_within(peer, LOOPBACK_NETWORKS)):
        return True
    expected = f"Bearer {settings.metrics_token}".encode()
    return bool(settings.metrics_token) and hmac.compare_digest(authorization.encode(), expected)
