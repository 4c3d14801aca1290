"""What this house does itself on every request (ids, headers, limits), in CPU time, without server and network."""

import os
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any

from flask import Flask, Response
from werkzeug.test import create_environ

from auth.gate import Gate
from auth.http.limits import RequestLimits
from auth.http.route import Mounting, Routes
from auth.settings import read_settings
from bench.report import Figure, at_most

ROUNDS = 15
CALLS = 2000


def measure(folder: Path) -> list[Figure]:
    """Microseconds that the gate and the route's wrapper add to one and the same view, limits on."""
    settings = read_settings(
        {
            **os.environ,
            "WATCHHOUSE_DEMO": "1",
            "WATCHHOUSE_DATA": str(folder),
            "RATE_LIMIT_EXEMPT": "192.0.2.0/24",
            "RATE_LIMIT_PER_MINUTE": "1000000",
        }
    )
    routes = Routes("bench")
    routes.add("GET", "/plain", answers={200: None})(_answer)
    whole, bare = Flask("whole"), Flask("bare")
    Mounting(settings).mount(whole, routes)
    whole.wsgi_app = Gate(whole.wsgi_app, (), lambda _: False)  # type: ignore[method-assign]  # as Flask's docs have it
    bare.add_url_rule("/plain", view_func=_answer)
    added = [(_time(whole) - _time(bare)) * 1e6 for _ in range(ROUNDS)]
    limits = RequestLimits(1_000_000)
    started = thread_time()
    for _ in range(CALLS):
        limits.take("somebody")
    print(f"     a verdict of the request limit: {(thread_time() - started) / CALLS * 1e6:.1f} us")
    return [at_most("our own work per request: ids, headers, limits", median(added), 30, "us")]


def _answer() -> Response:
    return Response(b'{"status":"alive"}', mimetype="application/json")


def _time(app: Flask) -> float:
    """CPU seconds of one call."""
    base = create_environ("/plain", environ_base={"REMOTE_ADDR": "127.0.0.1"})
    started = thread_time()
    for _ in range(CALLS):
        answer = app(dict(base), _ignore)
        b"".join(answer)
        getattr(answer, "close", lambda: None)()
    return (thread_time() - started) / CALLS


def _ignore(*_: Any) -> Any:
    return lambda _: None
