"""The mark of our own probes: nobody else can make it, and who carries it is counted nowhere."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

import auth.app
from auth.gate import IS_PROBE
from auth.settings import read_settings
from common.probe_mark import HEADER, LIFE_SECONDS, is_genuine, sign
from standalone.postgres import Server
from tests.support.client import Api
from tests.support.databases import Database, throw_away
from tests.support.processes import Running
from tests.support.rollback import engine_options_for, open_outer

KEY = "a key that only we know"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PLACES = st.text(st.characters(codec="latin-1", exclude_characters="?#%"), max_size=20).map(lambda rest: "/" + rest)


@given(method=st.sampled_from(["GET", "POST", "HEAD"]), path=PLACES, seconds=st.integers(-LIFE_SECONDS, LIFE_SECONDS))
def test_it_is_known_again_within_its_life(method: str, path: str, seconds: int) -> None:
    quoted = re.sub(r"[^A-Za-z0-9/]", lambda found: f"%{ord(found[0]):02X}", path)
    mark = sign(KEY, method, quoted + "?page=2", NOW)
    assert is_genuine(KEY, mark, method, path, NOW + timedelta(seconds=seconds))
    assert is_genuine(KEY, mark, method, path + "/", NOW)


@given(mark=st.text(max_size=100) | st.from_regex(r"v1\.[0-9]{1,12}\.[0-9a-f]{64}", fullmatch=True))
def test_no_other_text_is_one(mark: str) -> None:
    assert not is_genuine(KEY, mark, "GET", "/", NOW)


@pytest.mark.parametrize(
    ("key", "method", "path", "late"),
    [("another key, longer", "GET", "/health", 0), (KEY, "POST", "/health", 0), (KEY, "GET", "/", 0),
     (KEY, "GET", "/health/x", 0), (KEY, "GET", "/health", 121), (KEY, "GET", "/health", -121)],
    ids=["other key", "other method", "other path", "longer path", "too old", "too new"],
)  # fmt: skip
def test_it_is_good_for_one_method_path_and_time(key: str, method: str, path: str, late: int) -> None:
    assert not is_genuine(KEY, sign(key, method, path, NOW), "GET", "/health", NOW + timedelta(seconds=late))


@pytest.fixture
def stranger(server: Server, tmp_path: Path) -> Iterator[Api]:
    """The API as a stranger meets it, who may make two requests a minute."""
    given = {"RATE_LIMIT_PER_MINUTE": "2", "RATE_LIMIT_EXEMPT": "none", "WATCHHOUSE_DATA": str(tmp_path)}
    settings = read_settings({"WATCHHOUSE_DEMO": "1", "DATABASE_URL": "postgresql://u@h/d", **given})
    with throw_away(server) as found, pytest.MonkeyPatch.context() as patch:
        outer = open_outer(server.superuser_url(found.name))
        patch.setattr(auth.app, "engine_options", lambda **_: engine_options_for(outer))
        outer.begin()
        yield Api(auth.app.create_app(settings).test_client(), outer)
        outer.close()


def real_mark(api: Api, path: str, late: int = 0) -> dict[str, str]:
    """The header that a collector would send."""
    key = api.collect("SELECT key FROM house_keys WHERE name = 'probe'")[0][0]
    return {HEADER: sign(key, "GET", path, datetime.now(UTC) - timedelta(seconds=late))}


def test_our_probes_have_no_request_limit_and_all_others_do(stranger: Api) -> None:
    mark = real_mark(stranger, "/docs")
    assert [stranger.call("GET", "/docs", headers=mark).status_code for _ in range(5)] == [200] * 5
    assert "RateLimit" not in stranger.call("GET", "/docs", headers=mark).headers
    forged = {HEADER: sign("guessed", "GET", "/docs", datetime.now(UTC))}
    answers = [stranger.call("GET", "/docs", headers=headers).status_code for headers in (forged, None, forged)]
    assert answers == [200, 200, 429]
    assert stranger.call("GET", "/docs", headers=real_mark(stranger, "/docs", late=200)).status_code == 429


def counted(auth: Running) -> float:
    """How many requests to the overview the metrics tell."""
    lines = requests.get(auth.url + "/metrics", timeout=20).text.splitlines()
    pattern = re.compile(r'flask_http_request_duration_seconds_count{.*url_rule="/health/api/overview/".*} (.+)')
    return sum(float(found[1]) for line in lines if (found := pattern.match(line)))


def test_our_probes_are_not_measured(make_auth: Callable[..., Running], database: Database) -> None:
    auth, path = make_auth(AUTH_WORKERS="1"), "/health/api/overview/"
    key = database.one("SELECT key FROM house_keys WHERE name = 'probe'")
    for mark in (sign(key, "GET", path, datetime.now(UTC)), "v1.0." + "0" * 64):
        assert requests.get(auth.url + path, headers={HEADER: mark}, timeout=20).ok
    assert counted(auth) == 1


def test_the_mark_is_told_to_whatever_logs_requests(api: Api, rolled_back_app: Flask) -> None:
    with rolled_back_app.test_client() as client:
        client.get("/livez", headers=real_mark(api, "/livez"))
        assert request.environ[IS_PROBE]
        client.get("/livez", headers={HEADER: "v1.x.y"})
        assert IS_PROBE not in request.environ
