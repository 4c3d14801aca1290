"""Requests to an app whose journal's disk fills up, and then has room again; tells what became of their lines.

Run as a process of its own: `disk` mounts a tiny file system, for which it must be root in a namespace; `limit` is
content with files that may not grow.
"""

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from auth.app import create_app
from auth.journal import journal
from auth.settings import read_settings
from common.logging import configure
from tests.auth.journal_lines import lines_in, segments_in
from tests.support.waiting import wait_for

BYTES = 32 * 1024


def shrink(folder: Path, how: str) -> None:
    """Leave so much room, and no more."""
    folder.mkdir(0o700)
    if how == "disk":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={BYTES}", "none", str(folder)], check=True)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, resource.RLIM_INFINITY))


def make_room(folder: Path, how: str) -> None:
    """As an operator would."""
    if how == "disk":
        # Without the options that stand in the mount table: an ordinary user's number there is none in their namespace.
        room = ["--options-mode", "ignore", "-o", f"remount,size={4 * BYTES}"]
        subprocess.run(["mount", *room, "none", str(folder)], check=True)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def lost_lines(client: Any) -> int:
    """As a scrape tells it."""
    page = client.get("/metrics?name[]=watchhouse_journal_lost_lines_total").text
    return int(re.findall(r'reason="errors"} (\d+)', page)[0])


def main(how: str) -> None:
    """Prints what it saw as JSON."""
    configure("auth", form="json")
    settings = read_settings(os.environ)
    client = create_app(settings).test_client()
    folder = settings.data / "journal"
    shrink(folder, how)
    statuses, asked = set(), 0
    journal.RETRY_SECONDS = 0.02  # several tries within the time of this test
    while lost_lines(client) < 100:
        statuses.add(client.get("/livez").status_code)
        asked += 1
    seen = {"asked": asked, "lost": lost_lines(client), "kept": len(lines_in(folder))}
    broken = [str(found) for found in segments_in(folder) if not found.read_bytes().endswith(b"\n")]  # or empty
    make_room(folder, how)

    def is_kept_again() -> bool:
        statuses.add(client.get("/livez").status_code)
        return len(lines_in(folder)) > seen["kept"]

    wait_for(is_kept_again, what="lines are written again")
    assert is_kept_again()  # and it is told only once
    told = {**seen, "statuses": list(statuses), "broken": broken, "kept_after": len(lines_in(folder))}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
