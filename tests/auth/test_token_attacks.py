"""Tokens that nobody was given open nothing, and break nothing."""

import base64
import json
from time import time
from typing import Any
from uuid import uuid4

import jwt
import pytest

from tests.support.client import PASSWORD, Api, Person

WRONG_KEY = "x" * 64


def claims_of(token: str) -> dict[str, Any]:
    """What a token says."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def part(value: Any) -> str:
    """A part of a token."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def status(api: Api, authorization: str) -> int:
    """What /verify answers to a header."""
    return api.call("GET", "/verify", headers={"Authorization": authorization}).status_code


def forged(person: Person, **changes: Any) -> str:
    """The person's own token with other claims, under its old signature."""
    header, _, signature = person.token.split(".")
    return ".".join((header, part({**claims_of(person.token), **changes}), signature))


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
def test_it_takes_no_token_without_signature(api: Api, name: str) -> None:
    claims = part(claims_of(api.person().token))
    header = part({"alg": name, "typ": "JWT"})
    assert {status(api, f"Bearer {header}.{claims}.{end}") for end in ("", "x", part(b"x" * 32))} == {401}


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_it_takes_no_token_of_another_key(api: Api, algorithm: str) -> None:
    token = jwt.encode(claims_of(api.person().token), WRONG_KEY, algorithm=algorithm)
    assert status(api, f"Bearer {token}") == 401


def test_it_takes_no_changed_claims(api: Api) -> None:
    person, victim = api.person(), api.admin()
    stolen = claims_of(victim.token)
    for changes in (
        {"sid": stolen["sid"]}, {"sub": stolen["sub"]}, {"sub": stolen["sub"], "sid": stolen["sid"]},
        {"exp": int(time()) + 10**6}, {"sid": str(uuid4())},
    ):  # fmt: skip
        assert status(api, f"Bearer {forged(person, **changes)}") == 401


def test_it_takes_no_refresh_token_as_access_nor_with_its_kind_changed(api: Api) -> None:
    person = api.person()
    answer = api.call("POST", "/api/v1/auth/login/", {"email": person.email, "password": PASSWORD})
    refresh = answer.get_json()["data"]["tokens"]["refresh"]
    head, _, signature = refresh.split(".")
    changed = ".".join((head, part({**claims_of(refresh), "type": "access"}), signature))
    assert [status(api, f"Bearer {token}") for token in (refresh, changed)] == [401, 401]


def test_a_session_that_expired_opens_nothing(api: Api) -> None:
    person = api.person()
    api.rows("UPDATE sessions SET expires_at = now()")
    assert status(api, f"Bearer {person.token}") == 401


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("a", id="one letter"),
        pytest.param("...", id="dots"),
        pytest.param("a.b.c", id="three letters"),
        pytest.param(".".join((part({}), part({}), part(b""))), id="empty parts"),
        pytest.param(".".join((part({"alg": "HS256"}), part([]), part(b"x"))), id="a list of claims"),
        pytest.param(".".join((part([]), part({}), part(b"x"))), id="a list for a header"),
        pytest.param(".".join((part({"alg": ["HS256"]}), part({}), part(b"x"))), id="a list for alg"),
        pytest.param(".".join((part({"alg": "HS256", "kid": {}}), part({}), part(b"x"))), id="an object for kid"),
        pytest.param(".".join((part({"alg": "HS256", "b64": False}), part({}), part(b"x"))), id="detached"),
        pytest.param(".".join((part(b"[" * 2900), part({}), part(b"x"))), id="deep header"),
        pytest.param(".".join((part(b"\xff\xfe"), part({}), part(b"x"))), id="bytes"),
        pytest.param("x" * 4097, id="4097 letters"),
        pytest.param("x" * 500_000, id="half a million letters"),
        pytest.param("é.é.é", id="letters beyond ASCII"),
        pytest.param("a b c", id="blanks"),
    ],
)
def test_it_refuses_nonsense(api: Api, token: str) -> None:
    answer = api.call("GET", "/verify", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    refused = api.call("POST", "/api/v1/auth/token/refresh/", {"refresh": token})
    assert refused.status_code == (422 if len(token) > 4096 else 401)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("Bearer {}", 200), ("bearer {}", 200), ("BEARER {}", 200), ("Bearer   {}  ", 200),
        ("Bearer", 401), ("Bearer ", 401), ("{}", 401), ("Token {}", 401), ("Basic {}", 401), ("Bearer{}", 401),
        ("Bearer {} {}", 401), ("Bearer {}, Bearer {}", 401), ('Bearer "{}"', 401), ("", 401),
    ],
)  # fmt: skip
def test_it_reads_the_header_as_the_rfc_has_it(api: Api, form: str, expected: int) -> None:
    person = api.person()
    assert status(api, form.replace("{}", person.token)) == expected


def test_it_takes_no_token_from_anywhere_else(api: Api) -> None:
    token = api.person().token
    api.client.set_cookie("access_token_cookie", token)
    answer = api.call("GET", f"/verify?jwt={token}&token={token}&access_token={token}")
    api.client.delete_cookie("access_token_cookie")
    assert answer.status_code == 401
