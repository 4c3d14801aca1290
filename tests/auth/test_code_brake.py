"""Whoever guesses codes at a lock is slowed: as a model of the rule in words has it, over PINs and QR codes alike."""

from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.auth.asking_locks import Device, add_pin, ask_pin, ask_qr, pass_time, signed, told
from tests.support.client import Api, Person
from tests.support.locks import claim, claim_online, log_of

MINUTE, HOUR = 60, 3600
MOST, WATCHED, SHORTEST, LONGEST, CALM = 5, 10 * MINUTE, 15 * MINUTE, 4 * HOUR, 24 * HOUR
PAUSES = (0, 100, 4 * MINUTE, 11 * MINUTE, SHORTEST + 1, 40 * MINUTE, 5 * HOUR, 30 * HOUR)
steps = st.one_of(st.sampled_from(["wrong"] * 6 + ["right"]), st.sampled_from(PAUSES))


@dataclass
class Rule:
    """In words: five wrong in ten minutes, then a quarter of an hour, twice that each time, a day to forget."""

    now: float = 0
    wrong: list[float] = field(default_factory=list)
    locked_until: float = -1e9
    lockouts: int = 0

    def asked(self, is_right: bool) -> int | bool:
        """Whether the door opens; in a lockout its seconds."""
        if self.locked_until > self.now:
            return round(self.locked_until - self.now)
        if is_right:
            return True
        self.wrong = [at for at in self.wrong if at > self.now - WATCHED] + [self.now]
        if len(self.wrong) == MOST:
            self.lockouts = self.lockouts + 1 if self.locked_until > self.now - CALM else 1
            self.locked_until = self.now + min(SHORTEST * 2 ** (self.lockouts - 1), LONGEST)
        return False


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(doings=st.lists(steps, min_size=12, max_size=30))
def test_it_does_what_the_rule_says(api: Api, doings: list[str | int]) -> None:
    anna, rule = api.person(), Rule()
    device = claim(anna)
    for doing in doings:
        if isinstance(doing, int):
            rule.now += doing
            pass_time(api, device, doing)
            continue
        seen = ask_as(api, device, anna, is_right=doing == "right")
        assert seen == pytest.approx(rule.asked(doing == "right"), abs=2)


def ask_as(api: Api, device: Device, person: Person, *, is_right: bool) -> int | bool:
    """Whether the door opens, or for how long it is locked out; by QR codes, which are quickly looked at."""
    answer = ask_qr(api, device, signed(device, person.id) if is_right else "a guess")
    if answer.status_code == 429:
        assert answer.get_json()["reason"] == "lockout"
        return int(answer.headers["Retry-After"])
    return told(answer)[0]


def lock_out(api: Api, device: Device) -> None:
    """Five wrong PINs."""
    assert [told(ask_pin(api, device, "000111")) for _ in range(MOST)] == [(False, "unknown")] * MOST


def test_each_lockout_is_twice_as_long_up_to_four_hours(api: Api) -> None:
    device = claim(api.person())
    minutes = []
    for _ in range(6):
        for _ in range(MOST):
            told(ask_qr(api, device, "a guess"))
        minutes.append(round(int(ask_qr(api, device, "a guess").headers["Retry-After"]) / MINUTE))
        pass_time(api, device, LONGEST + 1)
    assert minutes == [15, 30, 60, 120, 240, 240]
    pass_time(api, device, CALM)
    for _ in range(MOST):
        told(ask_qr(api, device, "a guess"))
    assert round(int(ask_qr(api, device, "a guess").headers["Retry-After"]) / MINUTE) == 15


def test_in_a_lockout_no_code_is_looked_at(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    add_pin(anna, device)
    lock_out(api, device)
    answers = [ask_pin(api, device, "482913"), ask_qr(api, device, signed(device, anna.id))]
    assert [(answer.status_code, answer.get_json()["reason"]) for answer in answers] == [(429, "lockout")] * 2
    assert api.rows("SELECT uses FROM access_pins") == [(0,)]
    assert api.one("SELECT count(*) FROM qr_uses") == 0
    assert [event for event, *_ in log_of(api, device["id"])][-4:] == [
        "PIN_DENIED",
        "LOCKOUT",
        "PIN_DENIED",
        "QR_DENIED",
    ]


def test_a_right_code_takes_back_its_own_attempt_alone(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    add_pin(anna, device)
    for _ in range(MOST - 1):
        told(ask_qr(api, device, "a guess"))
    assert told(ask_pin(api, device, "482913")) == (True, None)
    assert told(ask_qr(api, device, "a guess")) == (False, "signature")
    assert ask_pin(api, device, "482913").status_code == 429


def test_the_owners_app_and_other_locks_are_not_touched(api: Api) -> None:
    anna = api.person()
    device, other = claim(anna), claim(anna)
    add_pin(anna, other)
    lock_out(api, device)
    api.collect("UPDATE device_states SET is_online = true, last_seen_at = now()")
    assert anna.call("POST", f"/api/v1/devices/{device['id']}/unlock/").status_code == 202
    assert told(ask_pin(api, other, "482913")) == (True, None)


def test_a_lock_that_does_not_exist_reserves_nothing(api: Api) -> None:
    claim_online(api.person())
    answer = api.call("POST", "/api/v1/access/pins/verify/", {"pin": "1"}, {"Authorization": f"Bearer {uuid4().hex}.x"})
    assert (answer.status_code, api.one("SELECT attempts FROM code_brakes")) == (401, [])
