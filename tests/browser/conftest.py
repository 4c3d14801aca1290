"""A real headless Chromium, and a real demo for it to look at."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from standalone.postgres import Server
from tests.auth.remote import command
from tests.browser.looking import Visit
from tests.support.databases import throw_away
from tests.support.processes import Running, start_auth

CHROMIUM = "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser, one for all tests of a process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def demo(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An auth with the demo people."""
    with throw_away(server) as database:
        folder = tmp_path_factory.mktemp("demo")
        assert command(folder, "demo-data", WATCHHOUSE_DEMO="1", DATABASE_URL=database.auth_url).returncode == 0
        running = start_auth(database, folder)
        yield running
        running.stop()


@pytest.fixture
def visit(chromium: Browser, demo: Running) -> Iterator[Visit]:
    """A visitor without cookies; what went wrong on their pages is kept."""
    found = Visit(chromium, demo.url)
    yield found
    found.close()
