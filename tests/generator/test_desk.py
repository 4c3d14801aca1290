"""The desk: what it verifies of whom."""

import pytest

from generator.desk import account_of, lacking_of

BOTH = {"email_verified": True, "identity_verified": True}
NOTHING = {"email_verified": False, "identity_verified": False, "professional_verified": False}


@pytest.mark.parametrize(
    ("account", "lacking"),
    [
        (
            {"role": "student", **NOTHING},
            BOTH,
        ),
        ({"role": "student", **BOTH, "professional_verified": False}, {}),
        ({"role": "teacher", **BOTH, "professional_verified": False}, {"professional_verified": True}),
        ({"role": "librarian", **BOTH, "professional_verified": True}, {}),
        ({"role": "admin", **BOTH, "identity_verified": False}, {"identity_verified": True}),
        ({}, {}),
    ],
)
def test_what_is_not_verified_yet_is_lacking(account: dict, lacking: dict) -> None:
    assert lacking_of(account) == lacking


def test_an_account_is_known_by_its_whole_address() -> None:
    told = {"data": {"items": [{"email": "anna-anna@x.example", "id": 1}, {"email": "anna@x.example", "id": 2}]}}
    assert account_of("anna@x.example", told)["id"] == 2
    assert account_of("bela@x.example", told) == {}
