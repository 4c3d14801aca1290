"""A process that imports what a program of ours imports, once, and then forks that program as often as it is told.

`python -m tests.support.forking FAMILY LINE`: orders come by the socket LINE, each with the files for the program's
output and the end of a pipe for its exit status. The program runs from its first line; only its imports are done.
"""

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass

IMPORTS = {
    "auth": ("auth.commands.demo_data", "auth.commands.run", "auth.silence", "auth.worker", "gunicorn.app.wsgiapp"),
    "collector": ("collector.__main__",),
    "generator": ("generator.__main__",),
}
LONGEST_ORDER = 1 << 17


@dataclass(frozen=True)
class Order:
    """What a fork is to do."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str


class Forker:
    """Forks for whoever holds the other end of a line, until that is closed."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._statuses: dict[int, int] = {}
        self._ended, ended = os.pipe()
        self._own = [self._ended, ended]
        os.set_blocking(ended, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler nothing is written at its coming
        signal.set_wakeup_fd(ended)

    def serve(self) -> Order | None:
        """Comes back in each fork, with what it is to do; in this process with None, at the end."""
        with selectors.PollSelector() as selector:
            selector.register(self._line, selectors.EVENT_READ)
            selector.register(self._ended, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fd == self._ended:
                        self._tell_statuses()
                        continue
                    said, files, *_ = socket.recv_fds(self._line, LONGEST_ORDER, 3)
                    if not said:
                        return None
                    order = Order(**json.loads(said))
                    if self._fork(*files):
                        return order

    def _fork(self, out: int, err: int, status: int) -> bool:
        """Whether this is the fork."""
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(out, 1)
            os.dup2(err, 2)
            self._line.close()
            for left in (out, err, status, *self._own, *self._statuses.values()):
                os.close(left)
            return True
        os.close(out)
        os.close(err)
        self._statuses[pid] = status
        self._line.send(str(pid).encode())
        return False

    def _tell_statuses(self) -> None:
        os.read(self._ended, 4096)
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                pipe = self._statuses.pop(ended[0])
                with suppress(BrokenPipeError):  # nobody wants to know
                    os.write(pipe, str(os.waitstatus_to_exitcode(ended[1])).encode())
                os.close(pipe)


def prepare(family: str) -> None:
    """Do the imports of a family of programs."""
    for name in IMPORTS[family]:
        importlib.import_module(name)
    for main in [name for name in sys.modules if name.endswith(".__main__")]:
        del sys.modules[main]  # it is to run, and runpy wonders about one that is there
    assert threading.active_count() == 1, "a fork would have none of the other threads"
    gc.freeze()  # else the first collection of each fork unshares all pages


def main(family: str, line: str) -> None:
    """Fork until the line is closed; in a fork, be the program."""
    prepare(family)
    order = Forker(socket.socket(fileno=int(line))).serve()
    if order is not None:
        os.environ.clear()
        os.environ.update(order.environment)
        os.chdir(order.folder)
        sys.path[0] = order.folder
        sys.argv[1:] = order.arguments
        runpy.run_module(order.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
