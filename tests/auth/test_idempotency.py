"""Idempotency-Key: a repeat gets the first answer and changes nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import pytest
import requests
from werkzeug.test import TestResponse

from tests.support.client import Api, Person
from tests.support.databases import Database
from tests.support.processes import Running
from tests.support.visitor import sign_up
from tests.support.waiting import wait_for

KEY = "the client's own key 1"
HEADER = {"Idempotency-Key": KEY}


def create(person: Person, name: str = "mine", key: str = KEY) -> TestResponse:
    return person.call("POST", "/actions/create", {"name": name}, {"Idempotency-Key": key})


def resources(api: Api) -> int:
    count: int = api.one("SELECT count(*) FROM resources")
    return count


def test_a_repeat_gets_the_same_answer(api: Api) -> None:
    anna = api.person()
    first, again = create(anna), create(anna)
    assert (again.status_code, again.data, again.mimetype) == (201, first.data, first.mimetype)


def test_a_repeat_is_marked_as_one(api: Api) -> None:
    anna = api.person()
    first, again = create(anna), create(anna)
    assert [answer.headers.get("Idempotency-Replayed") for answer in (first, again)] == [None, "true"]


def test_a_repeat_changes_nothing(api: Api) -> None:
    anna = api.person()
    for _ in range(3):
        create(anna)
    assert resources(api) == 1


def test_a_repeat_is_not_counted(api: Api) -> None:
    anna = api.person()
    for _ in range(3):
        create(anna)
    assert api.rows("SELECT action, total FROM user_action_totals") == [("create", 1)]
    assert api.one("SELECT count(*) FROM usage_stats") == 1


def test_a_repeated_update_changes_nothing(api: Api) -> None:
    anna = api.person()
    mine = create(anna, key="other").get_json()["id"]
    body = {"id": mine, "name": "first"}
    first = anna.call("POST", "/actions/update", body, HEADER)
    anna.call("POST", "/actions/update", {"id": mine, "name": "second"})
    again = anna.call("POST", "/actions/update", body, HEADER)
    assert (first.status_code, again.status_code, again.data) == (200, 200, first.data)
    assert api.one("SELECT name FROM resources") == "second"


def test_another_body_is_refused(api: Api) -> None:
    anna = api.person()
    create(anna)
    answer = create(anna, "another")
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["Idempotency-Key"])
    assert resources(api) == 1


def test_a_key_is_kept_per_user(api: Api) -> None:
    first, second = create(api.person()), create(api.person())
    assert first.get_json()["id"] != second.get_json()["id"]


def test_a_key_is_kept_per_path(api: Api) -> None:
    anna = api.person()
    mine = create(anna).get_json()["id"]
    assert anna.call("POST", "/actions/update", {"id": mine, "name": "x"}, HEADER).status_code == 200


def test_a_slash_makes_no_other_path(api: Api) -> None:
    anna = api.person()
    first = create(anna)
    again = anna.call("POST", "/actions/create/", {"name": "mine"}, HEADER)
    assert again.data == first.data


@pytest.mark.parametrize(("age", "made"), [("23 hours 59 minutes", 1), ("24 hours 1 minute", 2)])
def test_a_key_is_kept_a_day(api: Api, age: str, made: int) -> None:
    anna = api.person()
    create(anna)
    api.rows("UPDATE idempotency_keys SET created_at = now() - %s::interval", age)
    create(anna)
    assert resources(api) == made


def test_a_key_that_is_new_again_is_kept_again(api: Api) -> None:
    anna = api.person()
    create(anna, "first")
    api.rows("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    second, again = create(anna, "second"), create(anna, "second")
    assert (resources(api), again.data) == (2, second.data)


def test_a_failure_frees_the_key(api: Api) -> None:
    anna = api.person()
    mine = create(anna, key="other").get_json()["id"]
    missing = anna.call("POST", "/actions/update", {"id": mine + 1, "name": "x"}, HEADER)
    assert (missing.status_code, api.one("SELECT count(*) FROM idempotency_keys")) == (404, 1)
    assert anna.call("POST", "/actions/update", {"id": mine, "name": "x"}, HEADER).status_code == 200


def test_a_fault_found_by_the_database_frees_the_key(api: Api) -> None:
    anna = api.person()
    mine = anna.call("POST", "/actions/create", {"name": "n", "open_date": "2026-05-05"}).get_json()["id"]
    wrong = anna.call("POST", "/actions/update", {"id": mine, "expiry_date": "2026-05-04"}, HEADER)
    assert (wrong.status_code, api.one("SELECT count(*) FROM idempotency_keys")) == (422, 0)


@pytest.mark.parametrize("key", ["", "k" * 256, "é", "a\tb", "k" * 4000, "\x7f"], ids=ascii)
def test_a_wrong_key_is_a_fault_of_its_header(api: Api, key: str) -> None:
    answer = create(api.person(), key=key)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["Idempotency-Key"])


@pytest.mark.parametrize("key", ["k", "k" * 255, "{}", "'; DROP TABLE resources; --", "a b", '"quoted"'])
def test_any_printable_key_will_do(api: Api, key: str) -> None:
    anna = api.person()
    assert create(anna, key=key).data == create(anna, key=key).data


def test_a_key_on_what_takes_none_is_ignored(api: Api) -> None:
    anna = api.person()
    mine = create(anna, key="other").get_json()["id"]
    assert [anna.call("DELETE", "/actions/delete", {"id": mine}, HEADER).status_code for _ in range(2)] == [200, 404]


def test_the_table_tells_neither_key_nor_answer(api: Api) -> None:
    made = create(api.person()).get_json()
    text = api.one("SELECT string_agg(k::text, '|') FROM idempotency_keys k")
    kept = b"".join(
        bytes(part) for row in api.rows("SELECT answer, key_hash, body_hash FROM idempotency_keys") for part in row
    )
    assert KEY not in text
    for plain in (b"Resource created", b"message", str(made["id"]).encode() + b"}", KEY.encode(), b"mine"):
        assert plain not in kept


def test_equal_answers_are_sealed_differently(api: Api) -> None:
    anna = api.person()
    mine = create(anna).get_json()["id"]
    for key in ("a", "b"):
        anna.call("POST", "/actions/update", {"id": mine, "name": "x"}, {"Idempotency-Key": key})
    assert api.one("SELECT count(DISTINCT answer) FROM idempotency_keys WHERE path = '/actions/update'") == 2


def test_a_kept_answer_moved_to_another_user_does_not_open(api: Api) -> None:
    anna, bob = api.person(), api.person()
    create(anna), create(bob, "bob's")
    api.rows(
        "UPDATE idempotency_keys SET answer = (SELECT answer FROM idempotency_keys WHERE user_id = %s)"
        " WHERE user_id = %s",
        anna.id,
        bob.id,
    )
    assert create(bob, "bob's").status_code == 409


def test_a_repeat_without_a_token_gets_nothing(api: Api) -> None:
    anna = api.person()
    create(anna)
    api.rows("UPDATE app_users SET is_active = false")
    assert create(anna).status_code == 401


def test_many_equal_requests_at_once_make_one_row(database: Database, make_auth: Callable[..., Running]) -> None:
    auth = make_auth()
    anna = sign_up(auth.url)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: anna.call("POST", "/actions/create", {"name": "n"}, HEADER), range(36)))
    assert database.one("SELECT count(*) FROM resources") == 1
    assert database.one("SELECT total FROM user_action_totals") == 1
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}


SLOW_UPDATES = """
CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3.5); RETURN NEW; END';
CREATE TRIGGER slow BEFORE UPDATE ON resources FOR EACH ROW EXECUTE FUNCTION be_slow();
"""


def test_while_the_first_still_runs_a_repeat_is_409(database: Database, make_auth: Callable[..., Running]) -> None:
    auth = make_auth()
    anna = sign_up(auth.url)
    mine = anna.call("POST", "/actions/create", {"name": "mine"}).json()["id"]
    database.rows(SLOW_UPDATES)
    answers: list[requests.Response] = []

    def change() -> None:
        answers.append(anna.call("POST", "/actions/update", {"id": mine, "name": "x"}, HEADER))

    first = Thread(target=change)
    first.start()
    wait_for(lambda: database.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
    change()
    first.join()
    change()
    assert [(answer.status_code, answer.headers.get("Retry-After")) for answer in answers] == [
        (409, "1"),
        (200, None),
        (200, None),
    ]
    assert database.one("SELECT total FROM user_action_totals WHERE action = 'update'") == 1
