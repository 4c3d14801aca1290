"""/openapi.json: whole, valid, and true: schemathesis finds no answer that it does not declare."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask

from tests.support.client import Api
from tests.support.databases import Database
from tests.support.long_runs import IS_LONG
from tests.support.processes import Running, environment
from tests.support.visitor import sign_up

# Something with the id 1 in each room, and in a collector's place one that answers whatever it is asked at once.
FURNISHING = """
INSERT INTO endpoints (name, url) VALUES ('Shop', '/shop');
INSERT INTO incidents (title, impact) VALUES ('Slow shop', 'degraded');
INSERT INTO maintenance (title, starts_at, ends_at, is_for_all) VALUES ('Disks', '2031-01-01', '2031-01-02', true);
INSERT INTO collectors VALUES ('c1', 'host', now(), now() + interval '1 hour');
CREATE FUNCTION answer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.finished_at := now();
    NEW.results := '[{"endpoint_id": 1, "name": "Shop", "outcome": "operational"}]';
    RETURN NEW;
END $$;
CREATE TRIGGER answer BEFORE INSERT ON check_requests FOR EACH ROW EXECUTE FUNCTION answer();
"""
UNFIT = "positive_data_acceptance"  # a schema cannot say that a token is none, or that a key was used before
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
# Without a cookie there is nothing but the way to sign in; tests of their own cover them.
ROOMS = "^/(admin|home)/(?!login)"
# The systematic phase asks 2,900 times, which takes most of a minute: for the long runs.
PHASES = "coverage,fuzzing" if IS_LONG else "fuzzing"
# What is too long for a field may be too long for a request line, too.
REFUSALS = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 414, 415, 422, 428, 429, "5xx"]
"""
LONGEST_WAIT = "40"  # `?wait=` may be 30


def document(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.call("GET", "/openapi.json").get_json()
    return found


def operations(api: Api) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in document(api)["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_rule_is_described_and_nothing_else(api: Api, rolled_back_app: Flask) -> None:
    rules = {
        (method, ARGUMENT.sub(r"{\1}", rule.rule))
        for rule in rolled_back_app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(method.upper(), path.rstrip("/") or "/") for method, path, _ in operations(api)}
    assert described == rules


def test_it_is_openapi_3_1(api: Api) -> None:
    found = document(api)
    assert found["openapi"].startswith("3.1.")
    assert found["servers"]


def test_every_reference_leads_somewhere(api: Api) -> None:
    found = document(api)
    names = {reference.removeprefix("#/components/schemas/") for reference in references(found)}
    assert names == set(found["components"]["schemas"]) & names
    assert len(names) > 10


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [value for name, value in part.items() if name == "$ref"] + [
            reference for inner in part.values() for reference in references(inner)
        ]
    return [reference for inner in part for reference in references(inner)] if isinstance(part, list) else []


def test_every_schema_is_json_schema(api: Api) -> None:
    for name, schema in document(api)["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name


def test_operation_ids_are_unique(api: Api) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(api)]
    assert len(ids) == len(set(ids))


def test_every_operation_says_what_it_does(api: Api) -> None:
    assert [path for _, path, operation in operations(api) if not operation["summary"]] == []


def test_every_error_is_described_as_a_problem(api: Api) -> None:
    for method, path, operation in operations(api):
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert errors, (method, path)
        for status, answer in errors.items():
            assert "application/problem+json" in answer["content"] or (path, status) == ("/health/", "503")


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/verify", "get"),
        ("/actions/create", "post"),
        ("/actions/read", "get"),
        ("/api/v1/users/", "get"),
    ],
)
def test_what_wants_a_token_says_so(api: Api, path: str, method: str) -> None:
    operation = document(api)["paths"][path][method]
    assert {"bearer": []} in operation["security"]
    assert {} not in operation["security"]
    assert {"401", "429", "503"} <= set(operation["responses"])


@pytest.mark.timeout(240)
def test_schemathesis_finds_no_undeclared_answer(
    database: Database, make_auth: Callable[..., Running], tmp_path: Path
) -> None:
    auth = make_auth()
    anna = sign_up(auth.url)
    database.rows("UPDATE app_users SET is_staff = true WHERE email = %s", anna.email)
    database.rows(FURNISHING)
    report, config = tmp_path / "report.txt", tmp_path / "schemathesis.toml"
    config.write_text(REFUSALS)
    with report.open("wb") as output:
        run = subprocess.run(
            [
                sys.executable,
                "-m",
                "schemathesis.cli",
                "--config-file",
                str(config),
                "run",
                auth.url + "/openapi.json",
                "--url",
                auth.url,
                "--checks",
                "all",
                "--exclude-checks",
                UNFIT,
                "--header",
                f"Authorization: Bearer {anna.token}",
                "--phases",
                PHASES,
                "--exclude-path-regex",
                ROOMS,
                "--max-examples",
                "10",
                "--workers=2",
                "--seed=20261122",
                "--no-color",
                f"--request-timeout={LONGEST_WAIT}",
                f"--max-response-time={LONGEST_WAIT}",
                "--continue-on-failure",
            ],
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            timeout=220,
            check=False,
        )
    assert run.returncode == 0, report.read_text()[-20000:]
    assert "request_failed" not in auth.output()
