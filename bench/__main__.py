"""Runs every bench, or those named, and prints each figure beside its bar."""

import sys
import tempfile
from pathlib import Path

from bench import (
    analytics,
    book_search,
    commands,
    endpoints,
    fleet_ingest,
    fleet_metrics,
    fleet_online,
    hot_requests,
    ingest,
    journal,
    lending,
    login_flood,
    memory,
    metrics_page,
    monitors,
    own_work,
    paging,
    partitions,
    probes,
    status_page,
)

BENCHES = {
    "hot_requests": hot_requests,
    "own_work": own_work,
    "journal": journal,
    "ingest": ingest,
    "partitions": partitions,
    "paging": paging,
    "probes": probes,
    "endpoints": endpoints,
    "metrics_page": metrics_page,
    "fleet_metrics": fleet_metrics,
    "status_page": status_page,
    "analytics": analytics,
    "monitors": monitors,
    "fleet_ingest": fleet_ingest,
    "commands": commands,
    "fleet_online": fleet_online,
    "lending": lending,
    "book_search": book_search,
    "login_flood": login_flood,
    "memory": memory,
}


def main(names: list[str]) -> int:
    """0 when every bar is reached, 1 when one is missed, 2 when a name is unknown."""
    if unknown := set(names) - set(BENCHES):
        print(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
        return 2
    missed = 0
    for name in names or BENCHES:
        print(f"{name}: {(BENCHES[name].__doc__ or '').strip().splitlines()[0]}")
        with tempfile.TemporaryDirectory() as folder:
            for figure in BENCHES[name].measure(Path(folder)):
                print(figure, flush=True)
                missed += not figure.holds
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
