"""The live screen of a run in a terminal: the pulse of the last minute, the actions, what people just did.

It must not know how a run works; it shows a tally.
"""

from rich.console import Console, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from generator.actions import Kind, Outcome
from generator.display import clock, fleet_line, milliseconds
from generator.run import Plan
from generator.tally import Event, Tally

SPARKS = " ▁▂▃▄▅▆▇█"
BAR_WIDTH = 10
SPAN = 10
HEADER_HEIGHT = 5

_STYLES = {
    Outcome.DONE: "green",
    Outcome.REFUSED: "cyan",
    Outcome.LIMITED: "yellow",
    Outcome.FAILED: "bold red",
    Outcome.LOST: "bold red",
    Outcome.UNREACHABLE: "red",
}
_LABELS = {
    Kind.REGISTER: "register",
    Kind.SIGN_IN: "sign in",
    Kind.REFRESH: "refresh",
    Kind.VERIFY: "verify",
    Kind.CREATE: "create",
    Kind.READ: "read",
    Kind.UPDATE: "update",
    Kind.DELETE: "delete",
    Kind.WRONG_PASSWORD: "wrong password",
    Kind.FORBIDDEN_UPDATE: "not theirs",
    Kind.VISIT: "visit",
    Kind.BROWSE: "browse books",
    Kind.SEARCH: "search books",
    Kind.VIEW: "view a book",
    Kind.BORROW: "borrow",
    Kind.RETURN: "return",
    Kind.RENEW: "renew",
    Kind.RESERVE: "reserve",
    Kind.CANCEL: "cancel",
    Kind.LOANS: "own loans",
}
_DEEDS = {
    Kind.REGISTER: "joins the house",
    Kind.SIGN_IN: "signs in",
    Kind.REFRESH: "stays signed in",
    Kind.VERIFY: "checks the key",
    Kind.CREATE: "shares",
    Kind.READ: "browses the shelves",
    Kind.UPDATE: "updates",
    Kind.DELETE: "takes something back",
    Kind.WRONG_PASSWORD: "mistypes the password",
    Kind.FORBIDDEN_UPDATE: "reaches for another's",
    Kind.VISIT: "looks in",
    Kind.BROWSE: "walks along the books",
    Kind.SEARCH: "looks for a book",
    Kind.VIEW: "opens",
    Kind.BORROW: "borrows",
    Kind.RETURN: "gives back",
    Kind.RENEW: "keeps longer",
    Kind.RESERVE: "waits for",
    Kind.CANCEL: "waits no longer for",
    Kind.LOANS: "looks through own loans",
}


class Screen:
    """Takes the whole terminal while the run lasts, and gives it back."""

    interval = 0.25

    def __init__(self, plan: Plan, url: str, console: Console) -> None:
        self._plan = plan
        self._url = url
        self._live = Live(console=console, screen=True, auto_refresh=False)

    def open(self) -> None:
        """Take the terminal."""
        self._live.start()

    def show(self, tally: Tally, elapsed: float) -> None:
        """Draw how it stands."""
        height = self._live.console.size.height
        self._live.update(draw(self._plan, self._url, tally, elapsed, height), refresh=True)

    def close(self) -> None:
        """Give the terminal back."""
        self._live.stop()


def draw(plan: Plan, url: str, tally: Tally, elapsed: float, height: int) -> RenderableType:
    """The whole screen."""
    layout = Layout()
    layout.split_column(Layout(name="top", size=HEADER_HEIGHT), Layout(name="middle"), Layout(name="bottom", size=1))
    layout["middle"].split_row(Layout(name="actions", ratio=3), Layout(name="events", ratio=2))
    layout["top"].update(_header(plan, url, tally, elapsed))
    rows = height - HEADER_HEIGHT - 3
    layout["actions"].update(
        Panel(_actions(tally, rows - 1), title="what people do", title_align="left", border_style="dim")
    )
    layout["events"].update(Panel(_events(tally, rows), title="just now", title_align="left", border_style="dim"))
    layout["bottom"].update(_footer(tally))
    return layout


def _footer(tally: Tally) -> Text:
    if tally.is_closing:
        return Text(f" No more arrivals; waiting for {tally.in_flight} open answers. Ctrl-C: do not wait", style="bold")
    return Text(" Ctrl-C stops the arrivals, waits for the open answers and compares the counts", style="dim")


def _header(plan: Plan, url: str, tally: Tally, elapsed: float) -> Panel:
    asked = plan.rate * plan.scenario.factor(elapsed)
    first = Table.grid(expand=True)
    first.add_column()
    first.add_column(justify="right")
    end = f" of {clock(plan.duration)}" if plan.duration else ""
    first.add_row(Text(f"{plan.people} people on {url}"), Text(f"{clock(elapsed)}{end}", style="bold"))
    pace = Text.assemble((f"{tally.rate(elapsed, SPAN):.1f}/s", "bold"), f" of {asked:.1f}/s   ")
    first.add_row(Text(sparkline(tally.pulse(elapsed, 60)), style="cyan"), pace + _standing(tally))
    summary = f"{fleet_line(tally.fleet)}; {plan.scenario.summary}" if tally.fleet else plan.scenario.summary
    first.add_row(Text(summary, style="dim"), _latency_line(tally, elapsed))
    return Panel(
        first,
        title=f"[bold]Watchhouse[/bold]  {plan.scenario.name}, seed {plan.seed}",
        title_align="left",
        border_style=_mood(tally),
    )


def _standing(tally: Tally) -> Text:
    return Text.assemble(f"{tally.in_flight} in flight   ", (f"{tally.shed} shed", "yellow" if tally.shed else "dim"))


def _latency_line(tally: Tally, elapsed: float) -> Text:
    sketch = tally.recent(elapsed, SPAN)
    figures = (f"p{share} {milliseconds(sketch.percentile(share / 100))}" for share in (50, 95, 99))
    return Text("   ".join(figures), style="dim")


def _mood(tally: Tally) -> str:
    """The colour of the frame: how the latest events went."""
    latest = [event.outcome for event in tally.events]
    if any(outcome in (Outcome.FAILED, Outcome.LOST, Outcome.UNREACHABLE) for outcome in latest):
        return "red"
    return "yellow" if Outcome.LIMITED in latest else "green"


def _actions(tally: Tally, rows: int) -> Table:
    """A row a kind; where there is room for fewer, those that come oftenest."""
    table = Table(box=None, expand=True, pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("", width=BAR_WIDTH)
    for heading in ("done", "refused", "failed", "p50", "p95", "p99"):
        table.add_column(heading, justify="right", no_wrap=True)
    most = max((sketch.count for sketch in tally.latencies.values()), default=0)
    shown = sorted(Kind, key=lambda kind: -tally.latencies[kind].count)[: max(rows, 1)]
    for kind in (kind for kind in Kind if kind in shown):
        table.add_row(*_action_row(tally, kind, most))
    return table


def _action_row(tally: Tally, kind: Kind, most: int) -> list[RenderableType]:
    sketch = tally.latencies[kind]
    done, refused = (tally.outcomes[kind, outcome] for outcome in (Outcome.DONE, Outcome.REFUSED))
    failed = sketch.count - done - refused
    cells: list[RenderableType] = [
        _LABELS[kind],
        Text(bar(sketch.count, most), style="cyan"),
        Text(f"{done}", style="green" if done else "dim"),
        Text(f"{refused}", style="cyan" if refused else "dim"),
        Text(f"{failed}", style="bold red" if failed else "dim"),
    ]
    return cells + [Text(milliseconds(sketch.percentile(share)), style="dim") for share in (0.5, 0.95, 0.99)]


def _events(tally: Tally, rows: int) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    for event in list(reversed(tally.events))[: max(rows, 1)]:
        table.add_row(_deed(event), Text(_ending(event), style=_ending_style(event)))
    return table


def _deed(event: Event) -> Text:
    line = Text.assemble(("● ", _STYLES[event.outcome]), (event.who, "bold"), f" {_DEEDS[event.kind]}")
    return line.append(f" {event.what}", style="italic") if event.what else line


def _ending_style(event: Event) -> str:
    return "dim" if event.outcome is Outcome.DONE else _STYLES[event.outcome]


def _ending(event: Event) -> str:
    endings = {
        Outcome.DONE: milliseconds(event.seconds),
        Outcome.REFUSED: f"refused {event.status}",
        Outcome.LIMITED: "slow down!",
        Outcome.FAILED: f"failed {event.status}",
        Outcome.LOST: "no answer",
        Outcome.UNREACHABLE: "nobody there",
    }
    return endings[event.outcome]


def sparkline(values: list[int]) -> str:
    """One sign a value, its height relative to the highest."""
    highest = max(values, default=0) or 1
    return "".join(SPARKS[round(value / highest * (len(SPARKS) - 1))] for value in values)


def bar(value: int, most: int) -> str:
    """A bar as long as the value's share of the most; something is never shown as nothing."""
    length = round(value / most * BAR_WIDTH) if most else 0
    return "━" * max(length, 1 if value else 0)
