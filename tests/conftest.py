"""Fixtures of all tests: one real PostgreSQL, databases of one test, and the app in a transaction that is undone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import settings as hypothesis_settings

import auth.app
from auth.house import KEY, Parts
from auth.settings import read_settings
from standalone.postgres import Server
from tests.support.client import Api
from tests.support.databases import Database, throw_away
from tests.support.memory import quick_folder
from tests.support.own_server import run_own_server
from tests.support.platform import Platform, run_platform
from tests.support.processes import Running, start_auth, start_collector
from tests.support.rollback import OuterTransaction, engine_options_for, open_outer
from tests.support.spreading import BySharing, place

# How long an example takes says more of what else the machine does; tests have a time limit of their own.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")

CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL for the whole run, with the template of all databases in it."""
    with run_own_server(tmp_path_factory.mktemp("postgres")) as (_, found):
        yield found


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """A committed database for one test: for NOTIFY, claims, races and whole processes."""
    with throw_away(server) as found:
        yield found


@pytest.fixture(scope="session")
def outer(server: Server) -> Iterator[OuterTransaction]:
    """The connection that the app of all rolled-back tests uses."""
    with throw_away(server) as found:
        opened = open_outer(server.superuser_url(found.name))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def rolled_back_app(outer: OuterTransaction, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The app on that connection, in a demo, with a hasher that is cheap."""
    settings = read_settings(
        {
            "WATCHHOUSE_DEMO": "1",
            "WATCHHOUSE_DATA": str(tmp_path_factory.mktemp("data")),
            "DATABASE_URL": "postgresql://u@h/d",
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth.app, "engine_options", lambda **_: engine_options_for(outer))
        return auth.app.create_app(settings, CHEAP_HASHER)


@pytest.fixture
def api(rolled_back_app: Flask, outer: OuterTransaction) -> Iterator[Api]:
    """The API over an app whose every change is undone after the test; `now()` stands still meanwhile."""
    outer.begin()
    forget_kept(rolled_back_app)
    try:
        yield Api(rolled_back_app.test_client(), outer)
    finally:
        outer.end()


def forget_kept(app: Flask) -> None:
    """What is kept of one test's transaction is nothing that the next one's database holds."""
    parts: Parts = app.extensions[KEY]
    with app.app_context():
        parts.cache.clear()


@pytest.fixture
def make_auth(database: Database, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts real auths on `database`, with settings of the test's own; ends them."""
    started: list[Running] = []

    def make(**settings: str) -> Running:
        started.append(start_auth(database, tmp_path, **settings))
        return started[-1]

    yield make
    for running in started:
        running.stop()


@pytest.fixture
def make_collector(database: Database, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts real collectors on `database`, with settings of the test's own; ends them."""
    started: list[Running] = []

    def make(**settings: str) -> Running:
        started.append(start_collector(database, tmp_path, **settings))
        return started[-1]

    yield make
    for running in started:
        running.stop()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The whole house, with people in it."""
    with quick_folder(tmp_path_factory.mktemp("platform")) as folder, run_platform(folder) as found:
        yield found


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BySharing:
    """Pytest-xdist's own groups are silently ignored by pytest 9.2."""
    return BySharing(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take long come first, so that no worker is left with one at the end."""
    items.sort(key=lambda item: place(str(item.path)))
