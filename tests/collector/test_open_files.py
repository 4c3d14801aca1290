"""Open files: as many as probes need, as far as the system has them."""

import resource
from collections.abc import Iterator

import pytest

from collector.open_files import allow_files


@pytest.fixture
def hard() -> Iterator[int]:
    """The most this process may ask for; it begins with a soft limit of 512."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_limit_is_raised_as_far_as_it_goes_and_never_lowered(hard: int) -> None:
    assert allow_files(600) == 600
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (600, hard)
    assert allow_files(100) == 100
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (600, hard)
    if hard != resource.RLIM_INFINITY:
        assert allow_files(hard + 1) == hard
