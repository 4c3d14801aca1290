"""Staff before a house whose data were made by a script, as collectors would have written them: read, never changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import auth.app
from auth.settings import read_settings
from standalone.postgres import Server
from tests.auth.staff_pages import Desk
from tests.conftest import CHEAP_HASHER
from tests.support.client import Api
from tests.support.databases import throw_away
from tests.support.rollback import engine_options_for, open_outer


@contextmanager
def open_desk(server: Server, data: Path, script: Path) -> Iterator[Desk]:
    """A desk over a database in which `script` was run; auth's own rights must do to show it."""
    with throw_away(server) as database, pytest.MonkeyPatch.context() as patch:
        database.rows(script.read_text())
        outer = open_outer(database.auth_url)
        patch.setattr(auth.app, "engine_options", lambda **_: engine_options_for(outer))
        settings = read_settings(
            {"WATCHHOUSE_DEMO": "1", "WATCHHOUSE_DATA": str(data), "DATABASE_URL": "postgresql://u@h/d"}
        )
        outer.begin()
        yield Desk(Api(auth.app.create_app(settings, CHEAP_HASHER).test_client(), outer))
        outer.close()
