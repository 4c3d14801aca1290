"""POST /api/v1/auth/token/refresh/ and /api/v1/auth/logout/: families of tokens."""

from typing import Any

import jwt

from tests.support.client import PASSWORD, Api, Person

REFRESH, LOGOUT = "/api/v1/auth/token/refresh/", "/api/v1/auth/logout/"


def pair_of(api: Api, person: Person) -> dict[str, str]:
    """The first pair of a new family."""
    answer = api.call("POST", "/api/v1/auth/login/", {"email": person.email, "password": PASSWORD})
    tokens: dict[str, str] = answer.get_json()["data"]["tokens"]
    return tokens


def refresh(api: Api, token: str) -> Any:
    """The answer to spending a refresh token."""
    return api.call("POST", REFRESH, {"refresh": token})


def works(api: Api, access: str) -> bool:
    """Whether an access token is good."""
    return api.call("GET", "/verify", headers={"Authorization": f"Bearer {access}"}).status_code == 200


def generation(token: str) -> int:
    """Which of its family a refresh token is, as it says itself."""
    return int(jwt.decode(token, options={"verify_signature": False})["gen"])


def let_pass(api: Api, interval: str) -> None:
    """Every session was rotated that much earlier."""
    api.rows("UPDATE sessions SET rotated_at = rotated_at - %s::interval", interval)


def test_it_gives_a_bare_new_pair(api: Api) -> None:
    first = pair_of(api, api.person())
    answer = refresh(api, first["refresh"])
    assert (answer.status_code, set(answer.get_json())) == (200, {"access", "refresh"})
    assert answer.get_json()["refresh"] != first["refresh"]
    assert works(api, answer.get_json()["access"])


def test_it_leaves_the_older_access_token_good(api: Api) -> None:
    first = pair_of(api, api.person())
    refresh(api, first["refresh"])
    assert works(api, first["access"])


def test_it_rotates_many_times(api: Api) -> None:
    token = pair_of(api, api.person())["refresh"]
    seen = {token}
    for _ in range(5):
        token = refresh(api, token).get_json()["refresh"]
        seen.add(token)
    assert len(seen) == 6


def test_a_retry_within_10_seconds_gets_the_same_successor(api: Api) -> None:
    token = pair_of(api, api.person())["refresh"]
    successor = refresh(api, token).get_json()["refresh"]
    let_pass(api, "9 seconds")
    answer = refresh(api, token)
    assert answer.status_code == 200
    assert generation(answer.get_json()["refresh"]) == generation(successor) == 1


def test_a_retry_gets_the_same_successor_to_the_letter(api: Api) -> None:
    token = pair_of(api, api.person())["refresh"]
    assert refresh(api, token).get_json()["refresh"] == refresh(api, token).get_json()["refresh"]


def test_a_retry_after_10_seconds_ends_the_family(api: Api) -> None:
    token = pair_of(api, api.person())["refresh"]
    successor = refresh(api, token).get_json()
    let_pass(api, "10 seconds")
    assert refresh(api, token).status_code == 401
    assert refresh(api, successor["refresh"]).status_code == 401
    assert not works(api, successor["access"])


def test_a_retry_ends_the_family_once_the_successor_is_used(api: Api) -> None:
    first = pair_of(api, api.person())
    second = refresh(api, first["refresh"]).get_json()
    third = refresh(api, second["refresh"]).get_json()
    answer = refresh(api, first["refresh"])
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers
    assert not any(works(api, pair["access"]) for pair in (first, second, third))
    assert refresh(api, third["refresh"]).status_code == 401


def test_a_reuse_leaves_other_families_alone(api: Api) -> None:
    person = api.person()
    stolen, other = pair_of(api, person), pair_of(api, person)
    refresh(api, stolen["refresh"])
    let_pass(api, "1 minute")
    assert refresh(api, stolen["refresh"]).status_code == 401
    assert works(api, other["access"])
    assert refresh(api, other["refresh"]).status_code == 200


def test_it_refuses_once_the_family_has_expired(api: Api) -> None:
    token = pair_of(api, api.person())["refresh"]
    api.rows("UPDATE sessions SET expires_at = now()")
    assert refresh(api, token).status_code == 401


def test_it_refuses_a_disabled_account(api: Api) -> None:
    person = api.person()
    token = pair_of(api, person)["refresh"]
    api.rows("UPDATE app_users SET is_active = false WHERE id = %s", person.id)
    assert refresh(api, token).status_code == 401


def test_it_takes_no_access_token(api: Api) -> None:
    person = api.person()
    assert refresh(api, pair_of(api, person)["access"]).status_code == 401
    assert refresh(api, person.token).status_code == 401


def test_a_refresh_token_opens_nothing_else(api: Api) -> None:
    assert not works(api, pair_of(api, api.person())["refresh"])


def test_logging_out_ends_the_family_at_once(api: Api) -> None:
    person = api.person()
    pair = pair_of(api, person)
    answer = api.call("POST", LOGOUT, {"refresh": pair["refresh"]})
    assert (answer.status_code, answer.data) == (204, b"")
    assert not works(api, pair["access"])
    assert refresh(api, pair["refresh"]).status_code == 401


def test_logging_out_leaves_other_families_alone(api: Api) -> None:
    person = api.person()
    left, other = pair_of(api, person), pair_of(api, person)
    api.call("POST", LOGOUT, {"refresh": left["refresh"]})
    assert works(api, other["access"])
    assert works(api, person.token)


def test_logging_out_twice_is_no_fault(api: Api) -> None:
    pair = pair_of(api, api.person())
    assert [api.call("POST", LOGOUT, {"refresh": pair["refresh"]}).status_code for _ in range(2)] == [204, 204]


def test_logging_out_wants_a_refresh_token(api: Api) -> None:
    person = api.person()
    assert api.call("POST", LOGOUT, {"refresh": person.token}).status_code == 401
    assert works(api, person.token)
