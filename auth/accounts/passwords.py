"""Which passwords may be chosen."""

from functools import cache
from importlib import resources

from auth.http.problems import bad_fields

SHORTEST = 8
LONGEST = 128


def check_choice(password: str, field: str, *, is_demo: bool) -> None:
    """Raises Problem 422 for a password that everybody tries first; in a demo anything of the right length goes."""
    if not is_demo and password.lower() in _commonest():
        raise bad_fields({field: ["is one of the commonest passwords"]})


@cache
def _commonest() -> frozenset[str]:
    content = resources.files("auth.accounts").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(content.split())
