"""As whom PostgreSQL runs: it refuses root, and must neither need a new user nor opened folders.

An ordinary user runs it as itself. Root runs it in a user namespace in which root has the number of `nobody`: the
folders stay root's and 0700. Where namespaces are barred (most containers) it runs as `nobody`, in folders that
`nobody` can reach. Knows nothing of PostgreSQL's commands.
"""

import functools
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from standalone.children import ending_with

PLAIN_USER = "nobody"
SHARED_HOME = Path("/var/lib/watchhouse")  # reachable by every user, unlike the folders root usually works in


@dataclass(frozen=True)
class Identity:
    """How to start a program so that it is not root. `owner` is who its files belong to, seen from outside."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None
    becomes_owner: bool = False

    def spawn(
        self,
        command: Sequence[str | Path],
        *,
        output: IO[bytes] | int,
        sent: signal.Signals,
    ) -> subprocess.Popen[bytes]:
        """Start `command`, which gets the signal `sent` when we are gone."""
        # The namespace clears the parent-death note like any change of credentials, so setpriv makes it anew inside.
        inside = ("setpriv", "--pdeathsig", sent.name.removeprefix("SIG"), "--") if self.prefix else ()
        user, group = self.owner if self.becomes_owner and self.owner else (None, None)
        return subprocess.Popen(
            [*self.prefix, *inside, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            process_group=0,
            user=user,
            group=group,
            extra_groups=[] if self.becomes_owner else None,
            preexec_fn=ending_with(os.getpid(), sent),  # noqa: PLW1509  (it makes one system call, no lock)
        )

    def can_reach(self, path: Path) -> bool:
        """Whether `path` can be entered, or run, under this identity."""
        test = self.spawn(["test", "-x", path], output=subprocess.DEVNULL, sent=signal.SIGKILL)
        return test.wait() == 0

    def take(self, path: Path) -> None:
        """Make everything under `path` belong to this identity, when it does not yet."""
        if self.owner is None or (path.stat().st_uid, path.stat().st_gid) == self.owner:
            return
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(Path(folder, name), *self.owner, follow_symlinks=False)
        os.chown(path, *self.owner)  # last: it is what the next start looks at


@functools.cache
def find_identity() -> Identity:
    """The identity for this process and machine; see the top of this module."""
    if os.geteuid() != 0:
        return Identity()
    plain = pwd.getpwnam(PLAIN_USER)
    namespace = ("unshare", "--user", f"--map-user={plain.pw_uid}", "--")
    if shutil.which("setpriv") and _runs(namespace):
        return Identity(prefix=namespace, owner=(0, 0))
    return Identity(owner=(plain.pw_uid, plain.pw_gid), becomes_owner=True)


def _runs(prefix: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def reachable_folder(folder: Path, identity: Identity) -> Path:
    """`folder` itself, or where it leads when `identity` cannot reach it: a link is left in its place, so the next
    start finds it whoever starts it. What was in it moves along.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.is_symlink() or identity.can_reach(folder.parent):
        return folder.resolve()
    home = SHARED_HOME / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True)
    moved = home / folder.name
    if folder.exists():
        shutil.move(folder, moved)
    folder.symlink_to(moved)
    return moved


def reachable_copy(root: Path, parts: Sequence[Path], identity: Identity, *, probe: Path) -> Path:
    """`root`, or a copy of its `parts` in the same places where `identity` can run the program `probe` of them."""
    if identity.can_reach(root / probe):
        return root
    stamp = f"{root / probe}:{(root / probe).stat().st_mtime_ns}"
    copy = SHARED_HOME / f"programs-{hashlib.sha256(stamp.encode()).hexdigest()[:16]}"
    if not copy.exists():
        SHARED_HOME.mkdir(parents=True, exist_ok=True)
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        for part in parts:
            shutil.copytree(root / part, unfinished / part, dirs_exist_ok=True)
        unfinished.rename(copy)
    return copy
