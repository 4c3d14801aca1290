"""All jobs, one file each. A new one is a file, a line here and a test."""

from typing import Any

from collector.job import Job
from collector.jobs import (
    audit_requests,
    beat,
    check_broker,
    clean_up,
    count_requests,
    evaluate_alerts,
    ingest_requests,
    make_partitions,
    measure_endpoints,
    measure_responses,
    open_incidents,
    report_day,
    roll_up_checks,
    roll_up_figures,
    roll_up_requests,
    sample_database,
    sample_host,
    sample_processes,
    send_notifications,
    send_outbox,
    store_figures,
    store_host,
)

JOBS: tuple[Job[Any], ...] = (
    beat.JOB,
    make_partitions.JOB,
    sample_host.JOB,
    store_host.JOB,
    sample_processes.JOB,
    sample_database.JOB,
    ingest_requests.JOB,
    count_requests.JOB,
    store_figures.JOB,
    roll_up_figures.JOB,
    roll_up_checks.JOB,
    roll_up_requests.JOB,
    audit_requests.JOB,
    measure_responses.JOB,
    report_day.JOB,
    check_broker.JOB,
    send_outbox.JOB,
    send_notifications.JOB,
    open_incidents.JOB,
    evaluate_alerts.JOB,
    measure_endpoints.JOB,
    clean_up.JOB,
)
