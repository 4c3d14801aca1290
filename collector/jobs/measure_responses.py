"""How fast did each endpoint answer in the last 24 hours? From its hours' sketches, the running hour's among them."""

from datetime import timedelta

from collector.job import Context, Job, Slots, no_metrics
from sql import statements

EVERY = timedelta(minutes=5)
WINDOW = timedelta(hours=23)  # of closed hours, and the running one

sql = statements.load("figures")


def run(context: Context[None]) -> None:
    """Take the running hour as far as it is, and the one before until that is closed; then measure."""
    now = context.clock()
    running = now.replace(minute=0, second=0, microsecond=0)
    for hour in sorted({(now - EVERY).replace(minute=0, second=0, microsecond=0), running}):
        context.query(sql.roll_up_checks, hour=hour)
    context.query(sql.measure_responses, since=running - WINDOW)


JOB = Job(
    name="measure_responses",
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=no_metrics,
    slots=Slots(every=EVERY, lease=timedelta(minutes=4)),
)
