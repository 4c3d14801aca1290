"""The addresses of channels: which may be kept, and how they are shown, since most hold a password or a token. Pure."""

import re
from urllib.parse import urlsplit

from common.addresses import Allowed, refuse_url

WEBHOOK = re.compile(r"https?://", re.IGNORECASE)
APPRISE = re.compile(r"[a-z][a-z0-9+.-]{1,40}://[!-~]+\Z", re.IGNORECASE)
HIDDEN = "***"


def fault_of(url: str, allowed: Allowed) -> str | None:
    """Why `url` may not be a channel's, or None."""
    if WEBHOOK.match(url):
        return refuse_url(url, allowed)
    return None if APPRISE.match(url) else "must be an http or https URL, or one of Apprise's such as ntfys://topic"


def shown(url: str) -> str:
    """The address without what may be secret: of a webhook its host, of any other its scheme."""
    scheme, _, _ = url.partition("://")
    if not WEBHOOK.match(url):
        return f"{scheme.lower()}://{HIDDEN}"
    return f"{scheme.lower()}://{urlsplit(url).netloc.rpartition('@')[2]}/{HIDDEN}"
