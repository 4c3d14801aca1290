"""Is this collector alive? It says so in the database, where the others look at the age of what it said."""

import socket
from datetime import timedelta

from collector.job import Context, Job, no_metrics
from sql import statements

sql = statements.load("collecting")


def run(context: Context[None]) -> None:
    """Renew this collector's row."""
    context.query(
        sql.beat_collector, name=context.settings.name, host=socket.gethostname(), started_at=context.started_at
    )


JOB = Job(name="beat", every=timedelta(seconds=5), grace=timedelta(seconds=5), run=run, metrics=no_metrics)
