"""`python -m auth`: its commands, and settings that are wrong."""

from pathlib import Path

import pytest

from tests.auth.remote import PASSWORD, command, post
from tests.support.databases import Database
from tests.support.ports import free_port
from tests.support.processes import DEVICE_KEY, PIN_PEPPER, start_auth

KEY = "a key of this test's own, 32 bytes and more"
DEMO = {"WATCHHOUSE_DEMO": "1"}
MASTERS = {"DEVICE_KEY": DEVICE_KEY, "PIN_PEPPER": PIN_PEPPER}
EARNEST = {"WATCHHOUSE_DEMO": "0", "SECRET_KEY": KEY, **MASTERS}


def create_admin(folder: Path, database: Database, email: str, password: str = PASSWORD, **settings: str) -> str:
    """What `create-admin` says; it must not fail."""
    given = {**EARNEST, "DATABASE_URL": database.auth_url, "ADMIN_PASSWORD": password, **settings}
    done = command(folder, "create-admin", email, **given)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_create_admin_makes_the_first_administrator(database: Database, tmp_path: Path) -> None:
    said = create_admin(tmp_path, database, "chief@example.com")
    assert "chief@example.com" in said
    assert PASSWORD not in said
    assert database.rows("SELECT email, role, is_staff, is_superuser, is_active FROM app_users") == [
        ("chief@example.com", "admin", True, True, True)
    ]


def test_the_administrator_signs_in(database: Database, tmp_path: Path) -> None:
    create_admin(tmp_path, database, "chief@example.com")
    running = start_auth(database, tmp_path, **EARNEST)
    try:
        answer = post(running, "/login", {"email": "chief@example.com", "password": PASSWORD})
    finally:
        running.stop()
    assert answer.status_code == 200


def test_create_admin_takes_an_account_from_whoever_registered_it_first(database: Database, tmp_path: Path) -> None:
    create_admin(tmp_path, database, "chief@example.com")
    database.rows("UPDATE app_users SET role = 'student', is_staff = false, is_superuser = false, is_active = false")
    database.rows("INSERT INTO sessions (user_id, kind, expires_at) SELECT id, 'api', now() + '1 day' FROM app_users")
    before = database.one("SELECT password_hash FROM app_users")
    said = create_admin(tmp_path, database, "CHIEF@example.com", "quite another horse")
    assert "with the new password" in said
    assert database.rows("SELECT role, is_staff, is_active, password_hash <> %s FROM app_users", before) == [
        ("admin", True, True, True)
    ]
    assert database.one("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 0


@pytest.mark.parametrize(
    ("email", "password", "reason"),
    [
        pytest.param("chief", PASSWORD, "is no e-mail address", id="no e-mail"),
        pytest.param("chief@example.com", "short 7", "8 to 128 characters", id="short password"),
        pytest.param("chief@example.com", "password1", "one of the commonest", id="common password"),
    ],
)
def test_create_admin_refuses_in_words(
    database: Database, tmp_path: Path, email: str, password: str, reason: str
) -> None:
    given = {**EARNEST, "DATABASE_URL": database.auth_url, "ADMIN_PASSWORD": password}
    done = command(tmp_path, "create-admin", email, **given)
    assert (done.returncode, reason in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    assert password not in done.stderr
    assert database.one("SELECT count(*) FROM app_users") == 0


@pytest.mark.parametrize("line", [["demo-data"], ["create-admin", "chief@example.com"]], ids=lambda line: line[0])
def test_a_command_says_that_the_database_is_away(tmp_path: Path, line: list[str]) -> None:
    away = f"postgresql://watchhouse_auth:geheim@127.0.0.1:{free_port()}/metrics"
    done = command(tmp_path, *line, **DEMO, DATABASE_URL=away, ADMIN_PASSWORD=PASSWORD)
    assert (done.returncode, "The database cannot be reached" in done.stderr) == (1, True)
    assert not any(word in done.stderr for word in ("Traceback", "geheim"))


def test_demo_data_makes_the_demo_people_once(database: Database, tmp_path: Path) -> None:
    first, again = (command(tmp_path, "demo-data", **DEMO, DATABASE_URL=database.auth_url) for _ in range(2))
    assert (first.returncode, first.stdout.splitlines()[0]) == (0, "2 demo people made, 0 were there.")
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "0 demo people made, 2 were there.")
    assert database.rows(
        "SELECT email, role, is_staff, email_verified, identity_verified FROM app_users ORDER BY 1"
    ) == [
        ("admin@example.com", "admin", True, True, True), ("user@example.com", "student", False, True, True),
    ]  # fmt: skip


def test_demo_data_makes_nobody_outside_a_demo(database: Database, tmp_path: Path) -> None:
    done = command(tmp_path, "demo-data", **EARNEST, DATABASE_URL=database.auth_url)
    assert (done.returncode, "only in a demo" in done.stderr) == (1, True)
    assert database.one("SELECT count(*) FROM app_users") == 0


@pytest.mark.parametrize("name", ["run", "migrate"])
def test_it_tells_what_is_missing_outside_a_demo(tmp_path: Path, name: str) -> None:
    done = command(tmp_path, name)
    wanted = ["SECRET_KEY", "DEVICE_KEY", "PIN_PEPPER"] if name != "migrate" else [
        "AUTH_DATABASE_PASSWORD", "COLLECTOR_DATABASE_PASSWORD", "READER_DATABASE_PASSWORD", "MONITOR_DATABASE_PASSWORD"
    ]  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"Setting {each}: is missing" for each in ["DATABASE_URL", *wanted]]


def test_it_tells_every_wrong_setting_at_once_and_no_secret(tmp_path: Path) -> None:
    wrong = {
        "WATCHHOUSE_DEMO": "perhaps", "DATABASE_URL": "mysql://me:geheim@host/until-it-is-long", "AUTH_PORT": "0",
        "AUTH_WORKERS": "many", "SECRET_KEY": "zu kurz", "TRUSTED_PROXIES": "everywhere", "LOG_LEVEL": "loud",
        "PUBLIC_URL": "ftp://host", "RATE_LIMIT_PER_MINUTE": "-1", "DEVICE_KEY": "zu kurz", "PIN_PEPPER": "zu kurz",
        "MQTT_PUBLIC_URL": "http://host",
    }  # fmt: skip
    done = command(tmp_path, "run", **wrong)
    assert done.returncode == 2
    told = {line.removeprefix("Setting ").partition(":")[0] for line in done.stderr.splitlines()}
    assert told == set(wrong)
    assert not any(secret in done.stderr for secret in ("geheim", "zu kurz"))


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        pytest.param("watchhouse-demo-secret-key-known-to-everybody", "which everybody knows", id="the demo's"),
        pytest.param("x" * 31, "is shorter than 32 bytes", id="31 bytes"),
        pytest.param("", "is missing", id="empty"),
    ],
)
def test_a_weak_secret_stops_the_start_outside_a_demo(tmp_path: Path, secret: str, reason: str) -> None:
    done = command(
        tmp_path,
        "run",
        **MASTERS,
        SECRET_KEY=secret,
        DATABASE_URL="postgresql://me:a-password-that-is-long-enough-for-all@host/metrics",
    )
    assert (done.returncode, done.stderr) == (2, f"Setting SECRET_KEY: {done.stderr[20:].strip()}\n")
    assert reason in done.stderr


def test_a_secret_may_come_from_a_file(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    done = command(tmp_path, "demo-data", **MASTERS, SECRET_KEY_FILE=str(path), DATABASE_URL=database.auth_url)
    assert (done.returncode, "only in a demo" in done.stderr) == (1, True)


def test_the_demos_password_in_a_url_stops_the_start_outside_a_demo(tmp_path: Path) -> None:
    url = "postgresql://watchhouse_auth:watchhouse_auth_demo_pass@db.example.org/metrics"
    done = command(tmp_path, "run", **{**EARNEST, "DATABASE_URL": url})
    assert (done.returncode, done.stderr) == (2, "Setting DATABASE_URL: is the demo's value, which everybody knows\n")
