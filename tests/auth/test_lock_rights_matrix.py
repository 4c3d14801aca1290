"""Every route about a lock × everybody × every device: nobody gets more than is theirs, or learns what is not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from tests.auth.lock_routes import DEVICES, LOCK_ROUTES, PEOPLE, PREFIXES, LockRoute, expected_status, is_hidden
from tests.support.client import Api, Person
from tests.support.locks import claim, new_name, set_online, share
from tests.support.rollback import OuterTransaction

ARGUMENT = re.compile(r"<\w+:\w+>|\{\w+\}")
LONG_AGO = {"valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-01-02T00:00:00Z"}
OPENING = """
INSERT INTO alerts (rule, subject, device_id, severity, message, opened_at)
VALUES ('tamper', 'device:' || %s, %s, 'critical', 'm', clock_timestamp()) RETURNING id
"""


@dataclass
class Stage:
    """Everybody, and by device the values that paths and bodies are filled with."""

    api: Api
    people: dict[str, Person]
    values: dict[str, dict[str, str]]


def furnish(api: Api, former: Person, owner: Person, guests: dict[str, dict[str, Any]], cast: dict[str, Person]) -> Any:
    """A device that went from `former` to `owner`, online, with a share for each guest and one of everything else."""
    claimed = claim(former, name=f"Door of {new_name()}")
    device = claimed["id"]
    assert former.call("POST", f"/api/v1/devices/{device}/transfer/", {"email": owner.email}).status_code == 200
    set_online(api, device)
    shares = [share(owner, device, cast[guest], **fields)["id"] for guest, fields in guests.items()]
    pin = "INSERT INTO access_pins (device_id, name, verifier) VALUES (%s, 'n', 'v') RETURNING id"
    return {
        "device": device,
        "name": claimed["name"],
        "device_id": claimed["device_id"],
        "share": shares[0],
        "command": owner.call("POST", f"/api/v1/devices/{device}/lock/").get_json()["data"]["id"],
        "pin": str(api.one(pin, device)),
        "alert": str(api.collect(OPENING, device, device)[0][0]),
    }


@pytest.fixture(scope="module")
def furnished(rolled_back_app: Flask, outer: OuterTransaction) -> Iterator[Stage]:
    """All of them, at three devices, for all tests here: to set the stage for each would take most of the time."""
    outer.begin()
    try:
        yield set_stage(Api(rolled_back_app.test_client(), outer))
    finally:
        outer.end()


@pytest.fixture
def stage(furnished: Stage, outer: OuterTransaction) -> Iterator[Stage]:
    """The stage, as it was before what a test does to it."""
    with outer.undone():
        yield furnished


def set_stage(api: Api) -> Stage:
    cast = {who: api.staff() if who == "staff" else api.person() for who in PEOPLE if who != "nobody"}
    guests: dict[str, dict[str, Any]] = {"guest": {}, "late guest": LONG_AGO, "sharer": {"can_unlock": False}}
    one, another = api.person(), api.person()
    values = {
        "own": furnish(api, cast["former owner"], cast["owner"], guests, cast),
        "deleted": furnish(api, cast["former owner"], cast["owner"], guests, cast),
        "other": furnish(api, one, another, {"one": {}}, {"one": one}),
    }
    assert cast["owner"].call("DELETE", f"/api/v1/devices/{values['deleted']['device']}/").status_code == 204
    for filled in values.values():
        filled["email"] = one.email
    return Stage(api, cast, values)


def fill(part: Any, values: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {name: fill(inner, values) for name, inner in part.items()}
    return part.format(**values, new=new_name()) if isinstance(part, str) else part


def ask(stage: Stage, route: LockRoute, who: str, which: str) -> tuple[int, str]:
    """Status and body of the answer that `who` gets."""
    values = stage.values[which]
    caller: Any = stage.api if who == "nobody" else stage.people[who]
    answer = caller.call(route.method, fill(route.path, values), fill(route.body, values))
    return answer.status_code, answer.text


@pytest.mark.parametrize("route", LOCK_ROUTES, ids=str)
def test_everybody_gets_what_is_theirs(stage: Stage, route: LockRoute) -> None:
    cases = [(who, which) for which in DEVICES for who in PEOPLE]  # the owner's own call, which may end it all, is last
    found = {case: ask(stage, route, *case) for case in cases}
    assert {case: status for case, (status, _) in found.items()} == {
        case: expected_status(route, *case) for case in cases
    }
    leaks = [
        (case, secret)
        for case, (status, body) in found.items()
        for secret in (stage.values[case[1]]["name"], stage.values[case[1]]["device_id"])
        if secret in body and (status >= 400 or is_hidden(route, *case))
    ]
    assert leaks == []


def test_the_table_has_every_route(rolled_back_app: Flask) -> None:
    served = {
        (method, ARGUMENT.sub("*", rule.rule))
        for rule in rolled_back_app.url_map.iter_rules()
        if rule.rule.startswith(PREFIXES)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    listed = {(route.method, ARGUMENT.sub("*", route.path).partition("?")[0].rstrip("/")) for route in LOCK_ROUTES}
    assert listed == served
