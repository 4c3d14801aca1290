"""Asks auth's pages for what they tell, as any client could: over HTTP at AUTH_URL, bounded in time and size."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
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

    def parse(self) -> dict[str, Any]:
        """The JSON object in it; raises AuthError when there is none."""
        with suppress(ValueError):
            found = json.loads(self.body)
            if isinstance(found, dict):
                return found
        raise AuthError("no JSON object was answered: is AUTH_URL right?")


def read_metrics(settings: Settings, *families: str) -> tuple[str, str]:
    """Where the counters are kept, by a name that lasts as long as they do, and some families of them as text."""
    page = read_page(settings, f"/metrics?{urlencode({'name[]': families}, doseq=True)}")
    if page.status != 200:
        raise AuthError(f"AUTH_URL, METRICS_TOKEN: /metrics answers {page.status}")
    return page.counts or settings.auth_url, page.body


def read_page(settings: Settings, path: str, token: str = "") -> Page:
    """The answer at a path, whatever its status, to nobody in particular or to a token; AuthError without one."""
    if path.startswith("/metrics"):
        token = token or settings.metrics_token
    return _ask(_request(settings, path, token))


def post(settings: Settings, path: str, body: Mapping[str, str]) -> Page:
    """The answer to what is sent, whatever its status; raises AuthError without one."""
    request = _request(settings, path, "")
    request.data = json.dumps(body).encode()
    request.add_header("Content-Type", "application/json")
    return _ask(request)


def _request(settings: Settings, path: str, token: str) -> urllib.request.Request:
    request = urllib.request.Request(settings.auth_url.rstrip("/") + path)  # noqa: S310  # the setting allows http and https only
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    return request


def _ask(request: urllib.request.Request) -> Page:
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
