"""What the journal shows of an address is the operator's choice; what is not to be shown never reaches the disk."""

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from auth.journal.addresses import show_by
from tests.auth.journal_lines import bytes_in, folder_of, lines_in

MakeClient = Callable[..., FlaskClient]
KEY = "a key of this test's own, 32 bytes and more"
ADDRESSES = (st.ip_addresses(v=4) | st.ip_addresses(v=6, network="2000::/3")).map(str)

CASES = [
    ("full", "192.0.2.77", "192.0.2.77"),
    ("full", "2001:DB8::0001", "2001:db8::1"),
    ("full", "::ffff:192.0.2.77", "192.0.2.77"),
    ("full", "fe80::1%eth0", "fe80::1"),
    ("full", "", None),
    ("full", "nonsense\t", None),
    ("truncated", "192.0.2.77", "192.0.2.0/24"),
    ("truncated", "::ffff:192.0.2.77", "192.0.2.0/24"),
    ("truncated", "2001:db8:1:2:3::4", "2001:db8:1::/48"),
    ("truncated", "nonsense", None),
    ("hashed", "nonsense", None),
]


@pytest.mark.parametrize(("form", "address", "shown"), CASES)
def test_it_is_shown_as_chosen(form: str, address: str, shown: str | None) -> None:
    assert show_by(form, KEY)(address) == shown


@given(address=ADDRESSES)
def test_a_truncated_one_is_the_network_around_it(address: str) -> None:
    shown = show_by("truncated", KEY)(address)
    assert ip_address(address) in ip_network(str(shown))


@given(one=ADDRESSES, other=ADDRESSES)
def test_a_hashed_one_is_known_again_and_only_under_its_key(one: str, other: str) -> None:
    show = show_by("hashed", KEY)
    assert re.fullmatch("[0-9a-f]{32}", str(show(one)))
    assert show(one) == show_by("hashed", KEY)(one) != show_by("hashed", KEY + "!")(one)
    assert (show(one) == show(other)) == (one == other)


@pytest.mark.parametrize("form", ["truncated", "hashed"])
def test_the_whole_address_does_not_reach_the_disk(make_client: MakeClient, form: str) -> None:
    client = make_client(REQUEST_LOG_IP=form, TRUSTED_PROXIES="192.0.2.0/24")
    for headers in ({}, {"X-Forwarded-For": "203.0.113.77"}):
        client.get("/livez", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.77"})
    lines = lines_in(folder_of(client))
    assert len({line["ip_address"] for line in lines} - {None}) == 2
    assert b".2.77" not in bytes_in(folder_of(client))
