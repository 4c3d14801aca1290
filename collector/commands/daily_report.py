"""`daily-report`: a day of the house in figures, shown or mailed."""

import json
from datetime import date, datetime, timedelta

import click
from sqlalchemy import Engine

from collector.commands.starting import open_database, settings_or_exit
from collector.figures.report import Report, letter_of
from collector.settings import Settings
from common.clock import utc_now
from sql import statements
from sql.engine import run_once

DAY = timedelta(days=1)

daily = statements.load("daily")
outbox = statements.load("outbox")


@click.command("daily-report")
@click.option("--date", "chosen", type=click.DateTime(["%Y-%m-%d"]), help="The day, as 2026-05-04; else yesterday.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--mail", "is_mailed", is_flag=True, help="Also mail it to everybody in REPORT_TO, now.")
def daily_report(chosen: datetime | None, as_json: bool, is_mailed: bool) -> None:
    """Show a day's figures: users, loans, requests, uptime, hosts. The exit status is 1 when the day has none."""
    settings = settings_or_exit()
    if is_mailed and not settings.report_to:
        raise click.ClickException("REPORT_TO: nobody to mail it to")
    with open_database(settings) as engine:
        report = read_report(engine, chosen.date() if chosen else utc_now().date() - DAY)
        if is_mailed:
            mail(engine, settings, report)
    click.echo(json.dumps(report.as_json()) if as_json else letter_of(report)[1].rstrip())


def read_report(engine: Engine, day: date) -> Report:
    """The day as it is stored; today and yesterday are taken anew, since there may be more to tell."""
    today = utc_now().date()
    if today - DAY <= day <= today:
        run_once(engine, daily.store_daily_figures, day=day)
    report = Report(day, run_once(engine, daily.read_daily_figures, day=day))
    if not report.rows:
        raise click.ClickException(f"nothing is known of {day.isoformat()}")
    return report


def mail(engine: Engine, settings: Settings, report: Report) -> None:
    """A message for each; who asks for it gets it, whether or not it went out this morning."""
    subject, body = letter_of(report)
    for recipient in settings.report_to:
        run_once(engine, outbox.queue_message, channel="mail", recipient=recipient, subject=subject, body=body)
    click.echo(f"queued for {', '.join(settings.report_to)}", err=True)
