"""The Dockerfile says nothing that the code does not know: files, packages, commands, ports."""

import ast
import fnmatch
import importlib.metadata
import re
import sys
from functools import cache
from pathlib import Path

import pytest

import auth.settings
import collector.settings
from common.settings import read
from tests.docker import compose_files, dockerfile
from tests.support.forks import fork_to_end
from tests.support.processes import environment

ROOT = dockerfile.ROOT
LISTENERS = {"auth": auth.settings.Settings, "collector": collector.settings.Settings}
IMAGES = ("auth", "collector", "generator")
SERVICES = compose_files.load(compose_files.DEMO)["services"]
STARTED = {"gunicorn", "psycopg2-binary"}  # started as a program, loaded by name
OWN = {"auth", "collector", "common", "generator", "sql", "standalone"}


@cache
def imported(path: Path) -> frozenset[str]:
    """The dotted names that a module imports; of `from a import b` both a and a.b, since b may be a module."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain_ones = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0]
    parts = {f"{node.module}.{alias.name}" for node in froms for alias in node.names}
    return frozenset(plain_ones | {str(node.module) for node in froms} | parts)


def source(name: str) -> Path | None:
    """The file of one of our modules, by its dotted name."""
    path = ROOT.joinpath(*name.split("."))
    return next((found for found in (path.with_suffix(".py"), path / "__init__.py") if found.is_file()), None)


def reached(entry: str) -> set[str]:
    """The dotted names of all that the modules of package `entry` import, and of what those of ours import in turn."""
    waiting = set((ROOT / entry).rglob("*.py"))
    seen: set[Path] = set()
    names: set[str] = set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        names |= (found := imported(path))
        waiting |= {known for name in found if name.partition(".")[0] in OWN and (known := source(name))} - seen
    return names


def tops(names: set[str]) -> set[str]:
    """The top names of dotted ones."""
    return {name.partition(".")[0] for name in names}


def plain(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def offered(module: str, *commands: str) -> str:
    """The help of the program `python -m module`, or of one of its commands."""
    told = fork_to_end(module, *commands, "--help", environment=environment(), folder=ROOT, seconds=30)
    assert told.returncode == 0, told.stderr
    return told.stdout


@pytest.mark.parametrize("image", IMAGES)
def test_everything_copied_exists_and_is_sent_to_the_builder(image):
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    for source in dockerfile.copied(image) + dockerfile.copied(f"{image}-packages"):
        assert (ROOT / source).exists(), source
        assert f"!{source}" in rules


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_the_modules_that_its_process_imports(image):
    assert set(dockerfile.copied(image)) & OWN == (tops(reached(image)) & OWN) | {image}


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_the_packages_that_its_process_imports_and_no_others(image):
    by_top = importlib.metadata.packages_distributions()
    wanted = {plain(by_top[top][0]) for top in tops(reached(image)) - OWN - set(sys.stdlib_module_names)}
    installed = {plain(name) for name in dockerfile.packages(f"{image}-packages")}
    assert wanted <= installed
    assert installed - wanted <= STARTED


@pytest.mark.parametrize("image", IMAGES)
def test_every_package_is_locked(image):
    locked = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert {plain(name) for name in dockerfile.packages(f"{image}-packages")} <= set(map(plain, locked))


def test_python_is_the_version_that_the_code_is_checked_for():
    assert "python:3.11." in dockerfile.arguments()["PYTHON_IMAGE"]


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_runs_as_root(image):
    assert dockerfile.stages()[image].all("USER") == ["watchhouse"]


@pytest.mark.parametrize("image", IMAGES)
def test_what_the_image_runs_is_a_command_that_exists(image):
    python, flag, module, *arguments = dockerfile.command(image)
    assert (python, flag, module) == ("python", "-m", image)
    check_command(module, arguments)


@pytest.mark.parametrize("service", ["migrate", "demo-data", "generator"])
def test_what_compose_runs_instead_is_a_command_that_exists(service):
    python, flag, module, *arguments = SERVICES[service]["command"]
    assert (python, flag) == ("python", "-m")
    check_command(module, arguments)


def check_command(module: str, arguments: list[str]) -> None:
    """Assert that `python -m module` has the commands and options among `arguments`."""
    commands = [word for word in arguments[:1] if not word.startswith("-")]
    told = offered(module, *commands)
    for option in (word for word in arguments if word.startswith("--")):
        assert re.search(rf"{option}\b", told), option
    assert not commands or re.search(rf"^\s+{commands[0]}\b", offered(module), re.MULTILINE)


@pytest.mark.parametrize("image", LISTENERS)
def test_an_image_listens_where_its_health_check_asks_and_as_it_says(image):
    settings = read(LISTENERS[image], {"WATCHHOUSE_DEMO": "1", **dockerfile.environment(image)})
    assert settings.host == "0.0.0.0"
    assert dockerfile.stages()[image].all("EXPOSE") == [str(settings.port)]
    assert f"http://127.0.0.1:{settings.port}/" in dockerfile.health_check(image)[-1]


@pytest.mark.parametrize("service", [name for name, service in SERVICES.items() if "build" in service])
def test_compose_builds_a_stage_that_exists(service):
    build = SERVICES[service]["build"]
    assert (ROOT / build["context"] / build["dockerfile"]) == dockerfile.PATH
    assert build["target"] in dockerfile.stages()


def test_no_secret_and_no_data_is_sent_to_the_builder():
    rules = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    kept = (".env", "data", ".git", ".venv", "secrets")
    assert [name for name in kept if any(fnmatch.fnmatch(name, rule) for rule in rules)] == []
