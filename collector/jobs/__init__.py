"""All jobs, one file each. A new one is a file, a line here and a test."""

from typing import Any

from collector.job import Job
from collector.jobs import beat, check_broker, clean_up, make_partitions, sample_host, send_outbox, store_host

JOBS: tuple[Job[Any], ...] = (
    beat.JOB,
    make_partitions.JOB,
    sample_host.JOB,
    store_host.JOB,
    check_broker.JOB,
    send_outbox.JOB,
    clean_up.JOB,
)
