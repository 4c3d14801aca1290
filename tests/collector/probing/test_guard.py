"""Which connections are let through, by what was listed and by the URL they are made for."""

import pytest

from collector.probing.guard import Guard
from collector.probing.target import Where
from common.addresses import parse_allowed

GUARD = Guard.of(parse_allowed("10.0.0.0/8:443,hook.example:8080"), "http://auth:5000")
HOOK, AUTH, OTHER = Where("http", "hook.example", 8080), Where("http", "auth", 5000), Where("http", "other.example", 80)


@pytest.mark.parametrize(
    ("address", "port", "where", "named", "is_own", "is_allowed"),
    [
        ("8.8.8.8", 80, OTHER, {"8.8.8.8"}, False, True),
        ("127.0.0.1", 80, OTHER, {"127.0.0.1"}, False, False),
        ("10.1.1.1", 443, OTHER, {"10.1.1.1"}, False, True),
        ("10.1.1.1", 80, OTHER, {"10.1.1.1"}, False, False),
        ("172.18.0.5", 8080, HOOK, {"172.18.0.5"}, False, True),
        ("172.18.0.6", 8080, HOOK, {"172.18.0.5"}, False, False),  # not what its name was resolved to
        ("172.18.0.5", 9090, HOOK, {"172.18.0.5"}, False, False),
        ("172.18.0.2", 5000, AUTH, {"172.18.0.2"}, False, False),
        ("172.18.0.2", 5000, AUTH, {"172.18.0.2"}, True, True),
        ("172.18.0.3", 5000, AUTH, {"172.18.0.2"}, True, False),
        ("172.18.0.2", 5432, AUTH, {"172.18.0.2"}, True, False),
        ("8.8.8.8", 80, OTHER, {"8.8.8.8"}, True, False),
    ],
)
def test_it_lets_through_what_was_listed_and_nothing_else(  # noqa: PLR0917  (a table of cases)
    address: str, port: int, where: Where, named: set[str], is_own: bool, is_allowed: bool
) -> None:
    refusal = GUARD.refuse(address, port, where, frozenset(named), is_own=is_own)
    assert (refusal is None) == is_allowed


def test_without_an_own_url_nothing_is_our_own() -> None:
    guard = Guard.of(parse_allowed("0.0.0.0/0"))
    assert guard.refuse("8.8.8.8", 80, OTHER, frozenset({"8.8.8.8"}), is_own=True) == "not our own service"
