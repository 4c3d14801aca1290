"""Sends calls over HTTP and tells three ends apart: answered, surely not sent, and lost on the way.

It must not know people or what a call means, and it never sends anything twice by itself.
"""

import json
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    ServerDisconnectedError,
    TCPConnector,
)

from generator.messages import Answer, Call, Reach

# Below the 2 s after which gunicorn closes an idle connection: a request that meets the close is lost for nothing.
KEEP_IDLE_SECONDS = 1.0
TIMEOUT = ClientTimeout(total=10, sock_connect=3)


class AnswerLostError(Exception):
    """The connection broke between the request and its answer."""


class Client:
    """One service under one base URL. Use it as an asynchronous context."""

    def __init__(self, base_url: str, metrics_token: str = "") -> None:
        self._base = base_url.rstrip("/")
        self._metrics_headers = {"Authorization": f"Bearer {metrics_token}"} if metrics_token else {}
        self._session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=KEEP_IDLE_SECONDS),
            cookie_jar=DummyCookieJar(),
            timeout=TIMEOUT,
            middlewares=(_never_repeat,),
            headers={"User-Agent": "watchhouse-generator"},
        )

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def send(self, call: Call) -> Answer:
        """Send once; failures of the way are answers too."""
        try:
            async with self._session.request(
                call.method,
                self._base + call.path,
                json=call.body,
                params=call.query,
                headers=call.headers,
                allow_redirects=False,
            ) as response:
                return await _answer_from(response)
        except (ClientConnectorError, ConnectionTimeoutError):
            return Answer(Reach.NOT_SENT)
        except (ClientError, AnswerLostError, TimeoutError):
            return Answer(Reach.LOST)

    async def metrics(self) -> Answer:
        """The text of /metrics."""
        return await self.send(Call("GET", "/metrics", headers=self._metrics_headers))


async def _never_repeat(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """aiohttp sends a GET or DELETE again when the connection breaks; the service would count it twice, we once."""
    try:
        return await handler(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise AnswerLostError from error


async def _answer_from(response: ClientResponse) -> Answer:
    body = await response.read()
    return Answer(
        Reach.ANSWERED,
        response.status,
        _decoded(response.content_type, body),
        _seconds(response.headers.get("Retry-After")),
    )


def _decoded(content_type: str, body: bytes) -> Any:
    if not content_type.endswith("json"):
        return body.decode("utf-8", "replace")
    try:
        return json.loads(body)
    except ValueError:
        return None


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdigit() else None
