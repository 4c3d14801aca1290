"""The one-off commands, one file each. A new one is a file, a line here and a test."""

import click

from collector.commands.aggregate_analytics import aggregate_analytics
from collector.commands.collect_metrics import collect_metrics
from collector.commands.daily_report import daily_report
from collector.commands.erase_requests import erase_requests
from collector.commands.export_requests import export_requests
from collector.commands.run_health_checks import run_health_checks
from collector.commands.setup_health_monitoring import setup_health_monitoring
from collector.commands.test_monitoring import test_monitoring
from collector.commands.verify_logs import verify_logs

COMMANDS: tuple[click.Command, ...] = (
    setup_health_monitoring,
    run_health_checks,
    collect_metrics,
    aggregate_analytics,
    daily_report,
    test_monitoring,
    export_requests,
    erase_requests,
    verify_logs,
)
