"""The embedded PostgreSQL: starts, keeps what was committed, whoever runs it and however it ended."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from standalone.children import wait_until
from standalone.errors import StandaloneError
from standalone.identity import find_identity
from standalone.postgres import Server, wheel_programs
from tests.support.ports import free_port

SOURCE = Path(__file__).parents[2]
SCRIPT = """
import sys
from pathlib import Path
from standalone.postgres import Server
server = Server(Path(sys.argv[1]), port=int(sys.argv[2]), password="secret")
server.start()
server.run_script(Path(sys.argv[3]), {"METRICS_PASSWORD": "metrics_pass"})
print(server.process.pid, flush=True)
if sys.argv[4:] == ["stop"]:
    server.stop()
else:
    sys.stdin.read()
"""


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def script(*arguments: object) -> list[str]:
    return [sys.executable, "-c", SCRIPT, *map(str, arguments)]


@pytest.fixture
def kept(make_server: Callable[..., Server]) -> Server:
    """A server that runs, with one committed row."""
    server = make_server()
    server.start()
    ask(server.superuser_url(), "CREATE TABLE kept AS SELECT 42 AS value")
    return server


def test_it_wants_a_password(kept: Server) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        ask(kept.url("postgres", "another", "postgres"), "SELECT 1")


def test_it_keeps_fsync_and_knows_letters(kept: Server) -> None:
    assert ask(kept.superuser_url(), "SHOW fsync") == [("on",)]
    assert ask(kept.superuser_url(), "SHOW synchronous_commit") == [("on",)]
    assert ask(kept.superuser_url(), "SELECT lower('ÄÖÉ')") == [("äöé",)]


def test_it_keeps_data_over_a_stop(kept: Server, make_server: Callable[..., Server]) -> None:
    kept.stop()
    again = make_server()
    again.start()
    assert ask(again.superuser_url(), "SELECT value FROM kept") == [(42,)]


def test_it_recovers_from_a_kill(kept: Server, make_server: Callable[..., Server]) -> None:
    busy = psycopg2.connect(kept.superuser_url())
    os.kill(kept.process.pid, signal.SIGKILL)
    again = make_server()
    again.start()
    busy.close()
    assert ask(again.superuser_url(), "SELECT value FROM kept") == [(42,)]


def test_it_starts_over_lock_files_whose_number_is_somebody_elses(
    kept: Server, tmp_path: Path, make_server: Callable[..., Server]
) -> None:
    again = make_server()
    again.port = kept.port
    lock_files = [tmp_path / "postgres" / name for name in ("postmaster.pid", f".s.PGSQL.{kept.port}.lock")]
    contents = [path.read_text().splitlines() for path in lock_files]
    kept.stop()
    for path, lines in zip(lock_files, contents, strict=True):
        path.write_text("\n".join([str(os.getppid()), *lines[1:]]))
    again.start()
    assert ask(again.superuser_url(), "SELECT value FROM kept") == [(42,)]


def test_it_goes_with_the_process_that_started_it(tmp_path: Path, make_server: Callable[..., Server]) -> None:
    starter = subprocess.Popen(
        script(tmp_path / "postgres", free_port(), SOURCE / "sql" / "init.sql"),
        cwd=SOURCE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert starter.stdout is not None
    postmaster = int(starter.stdout.readline())
    starter.kill()
    starter.communicate()
    wait_until(lambda: not is_alive(postmaster), limit=10, what="the server goes too")
    again = make_server()
    again.start()
    assert again.process.pid != postmaster


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_it_runs_for_an_ordinary_user(tmp_path: Path) -> None:
    """Root becomes one by the same way in which it runs PostgreSQL."""
    tmp_path.chmod(0o755)
    command = script(tmp_path / "postgres", free_port(), SOURCE / "sql" / "init.sql", "stop")
    run = subprocess.run([*find_identity().prefix, *command], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "postgres" / "PG_VERSION").exists()


@pytest.fixture
def barred(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A machine on which root cannot make namespaces; what was put where `nobody` can reach it is removed."""
    with tempfile.TemporaryDirectory() as programs:
        Path(programs).chmod(0o755)
        for name in ("setpriv", "test", "true"):
            Path(programs, name).symlink_to(shutil.which(name) or "")
        yield {"PATH": programs}
    cluster = tmp_path / "closed" / "postgres"
    if cluster.is_symlink():
        shutil.rmtree(cluster.resolve().parent)


def test_it_runs_for_root_where_namespaces_are_barred(
    tmp_path: Path,
    barred: dict[str, str],
    make_server: Callable[..., Server],
) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    cluster = tmp_path / "closed" / "postgres"
    run = subprocess.run(
        script(cluster, free_port(), SOURCE / "sql" / "init.sql", "stop"),
        cwd=SOURCE,
        env=barred,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    with_namespaces = Server(cluster, port=free_port(), password="secret")
    with_namespaces.start()
    databases = ask(with_namespaces.superuser_url(), "SELECT datname FROM pg_database ORDER BY 1")
    with_namespaces.stop()
    assert ("metrics",) in databases


def test_it_runs_in_a_folder_too_deep_for_a_socket(tmp_path: Path, make_server: Callable[..., Server]) -> None:
    server = make_server(tmp_path / ("deep" * 20) / ("er" * 20) / "postgres")
    server.start()
    assert ask(server.superuser_url(), "SHOW unix_socket_directories") == [("",)]


def test_two_run_side_by_side(tmp_path: Path, make_server: Callable[..., Server]) -> None:
    one, other = make_server(tmp_path / "one"), make_server(tmp_path / "other")
    one.start()
    other.start()
    ask(one.superuser_url(), "CREATE TABLE only_here (value integer)")
    assert ask(other.superuser_url(), "SELECT to_regclass('only_here')") == [(None,)]


def test_it_makes_the_cluster_anew_after_a_kill_in_the_middle_of_making_it(
    tmp_path: Path, make_server: Callable[..., Server]
) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18")
    server = make_server()
    server.start()
    assert ask(server.superuser_url(), "SELECT 1") == [(1,)]


def test_it_says_why_it_cannot_start(kept: Server, tmp_path: Path) -> None:
    late = Server(tmp_path / "late", port=kept.port, password="secret")
    with pytest.raises(StandaloneError, match="Address already in use"):
        late.start()


def test_init_sql_may_run_again_and_sets_the_password(kept: Server) -> None:
    for password in ("first one", "the 'second' \\ one"):
        kept.run_script(SOURCE / "sql" / "init.sql", {"METRICS_PASSWORD": password})
        assert ask(kept.url("metrics", password, "metrics"), "SELECT current_user") == [("metrics",)]


def test_init_sql_gives_the_owner_what_it_needs_and_nobody_else_anything(kept: Server) -> None:
    kept.run_script(SOURCE / "sql" / "init.sql", {})
    owner = kept.url("metrics", "metrics_pass", "metrics")
    assert ask(owner, "SELECT rolcreaterole, rolsuper FROM pg_roles WHERE rolname = 'metrics'") == [(True, False)]
    ask(owner, "CREATE ROLE watcher LOGIN PASSWORD 'watcher'; GRANT pg_monitor TO watcher")
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        ask(kept.url("watcher", "watcher", "metrics"), "SELECT 1")


def test_a_script_that_fails_says_where(kept: Server, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.sql"
    wrong.write_text("SELECT 1;\nSELECT nonsense;\n")
    with pytest.raises(StandaloneError, match=r"wrong\.sql:2"):
        kept.run_script(wrong, {})


def test_the_programs_are_the_wheels() -> None:
    assert (wheel_programs() / "initdb").exists()
