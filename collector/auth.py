"""Asks auth's pages for what they tell, as any client could: over HTTP at AUTH_URL, bounded in time and size."""

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlencode

from collector.errors import AuthError
from collector.settings import Settings

LIMIT_SECONDS = 5.0
MOST_BYTES = 32 * 1024 * 1024
COUNTS = "X-Counts"


@dataclass(frozen=True)
class Page:
    """An answer: its status, the headers we look at, its body."""

    status: int
    counts: str
    body: str


def read_metrics(settings: Settings, *families: str) -> tuple[str, str]:
    """Where the counters are kept, by a name that lasts as long as they do, and some families of them as text."""
    page = read_page(settings, f"/metrics?{urlencode({'name[]': families}, doseq=True)}")
    if page.status != 200:
        raise AuthError(f"AUTH_URL, METRICS_TOKEN: /metrics answers {page.status}")
    return page.counts or settings.auth_url, page.body


def read_page(settings: Settings, path: str) -> Page:
    """The answer at a path, whatever its status; raises AuthError without one."""
    request = urllib.request.Request(settings.auth_url.rstrip("/") + path)  # noqa: S310  # the setting allows http and https only
    if settings.metrics_token and path.startswith("/metrics"):
        request.add_header("Authorization", f"Bearer {settings.metrics_token}")
    try:
        with _opener().open(request, timeout=LIMIT_SECONDS) as answer:
            return _read(answer)
    except urllib.error.HTTPError as answer:
        with answer:
            return _read(answer)
    except (OSError, http.client.HTTPException) as error:
        raise AuthError(f"AUTH_URL: no answer ({getattr(error, 'reason', None) or type(error).__name__})") from None


def _opener() -> urllib.request.OpenerDirector:
    """Straight to the house: a proxy of the environment is for others."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _read(answer: http.client.HTTPResponse | urllib.error.HTTPError) -> Page:
    body = answer.read(MOST_BYTES).decode(errors="replace")
    return Page(answer.status or 0, answer.headers.get(COUNTS, ""), body)
