"""Fixtures of auth's tests: an app of a test's own that has no database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from auth.app import create_app
from auth.settings import read_settings


@pytest.fixture
def make_client(tmp_path: Path) -> Callable[..., FlaskClient]:
    """Makes an app whose data is in the test's own folder, for routes that need no database."""

    def make(**settings: str) -> FlaskClient:
        own = {"WATCHHOUSE_DEMO": "1", "WATCHHOUSE_DATA": str(tmp_path), "DATABASE_URL": "postgresql://u@h/d"}
        return create_app(read_settings({**own, **settings})).test_client()

    return make
