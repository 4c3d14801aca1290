"""`collect-metrics`: everything that is measured, once and now."""

import json
from typing import Any

import click
from sqlalchemy import Engine

from collector.alerting.evaluation import evaluate
from collector.commands.collecting import collect_now, lines_of
from collector.commands.run_health_checks import check_now, has_failed
from collector.commands.starting import open_database, settings_or_exit
from collector.figures.report import Report
from collector.probing.asked import answer_of
from collector.settings import Settings
from common.clock import utc_now
from sql import statements
from sql.engine import run_once

FAILED = 1

daily = statements.load("daily")


@click.command("collect-metrics")
@click.option("--daily-stats", is_flag=True, help="Also today's figures so far.")
@click.option("--health-check", is_flag=True, help="Also a round of checks of all endpoints.")
@click.option("--alerts", is_flag=True, help="Also ask the alerts' rules, and tell what they find to the channels.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def collect_metrics(context: click.Context, daily_stats: bool, health_check: bool, alerts: bool, as_json: bool) -> None:
    """Measure this host and all it leans on, and store it; without a flag also all that the flags add.

    The exit status is 1 when something could not be measured, or an endpoint is out.
    """
    settings, is_all = settings_or_exit(), not (daily_stats or health_check or alerts)
    told = collect_now(settings)
    with open_database(settings) as engine:
        if daily_stats or is_all:
            told["daily_stats"] = figures_of_today(engine)
        if health_check or is_all:
            finished = check_now(settings)
            told["health_check"] = [answer_of(one) for one in finished]
            if has_failed(finished):
                told["failed"]["health_check"] = "not every endpoint answered as it should"
        if alerts or is_all:
            told["alerts"] = evaluate_now(engine, settings)
    click.echo(json.dumps(told, default=str) if as_json else "\n".join(lines_of(told)))
    if told["failed"]:
        context.exit(FAILED)


def figures_of_today(engine: Engine) -> dict[str, Any]:
    """Today so far, stored; tonight's report takes its place."""
    today = utc_now().date()
    run_once(engine, daily.store_daily_figures, day=today)
    return Report(today, run_once(engine, daily.read_daily_figures, day=today)).as_json()


def evaluate_now(engine: Engine, settings: Settings) -> dict[str, list[str]]:
    """The rules whose alerts were opened, resolved and reminded of."""
    found = evaluate(engine, settings, utc_now())
    return {"opened": list(found.opened), "resolved": list(found.resolved), "reminded": list(found.reminded)}
