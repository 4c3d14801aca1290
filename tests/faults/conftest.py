"""What fault tests share."""

import click
import pytest

from tests.support.long_runs import IS_LONG, Tell


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Prints figures of a long run."""

    def say(what: str, figures: object) -> None:
        if IS_LONG:
            with capsys.disabled():
                click.echo(f"\n{what}: {figures}")

    return say
