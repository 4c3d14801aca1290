"""The end of a run in figures: one dictionary, printed as JSON or told in lines. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from generator.actions import Kind, Outcome
from generator.fleet.fleet import FleetEnd
from generator.latency import Sketch, merged
from generator.ledger import Comparison
from generator.logged import COUNT
from generator.run import Run
from generator.tally import Standing

PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
SHOWN_DIFFERENCES = 20
# The figure in which each request is counted once, whichever others it may be in.
_ONCE = {"requests": (COUNT,)}


def summarise(
    run: Run,
    url: str,
    compared: Mapping[str, Comparison | None],
    *,
    verified: int = 0,
    fleet: FleetEnd | None = None,
) -> dict[str, Any]:
    """Everything that the run did, and how it was `compared` with each of the service's books.

    `verified` is how many people were, at the desk.
    """
    plan, tally = run.plan, run.tally
    return {
        "url": url,
        "scenario": plan.scenario.name,
        "seed": plan.seed,
        "people": plan.people,
        "rate": plan.rate,
        "seconds": round(run.arriving_seconds, 3),
        "arrived": tally.arrived,
        "arrived_per_second": round(tally.arrived / max(run.arriving_seconds, 0.001), 3),
        "shed": tally.shed,
        "repeats": tally.repeats,
        "abandoned": tally.arrived - tally.shed - sum(tally.outcomes.values()),
        "outcomes": {outcome.value: tally.total(outcome) for outcome in Outcome},
        "latency_ms": _latency(merged(tally.latencies.values())),
        "actions": {kind.value: _action(run, kind) for kind in Kind if tally.latencies[kind].count},
        "verified": verified,
        "late": sum(person.shelf.late for person in run.people),
        **{name: _ledger(comparison, *_ONCE.get(name, ())) for name, comparison in compared.items()},
        "locks": _locks(run.tally.fleet, fleet),
    }


def _locks(standing: Standing | None, end: FleetEnd | None) -> dict[str, Any]:
    """What became of the fleet; without one there is nothing that could differ."""
    if standing is None:
        return {"locks": 0, "agrees": True}
    whole: dict[str, Any] = {"locks": standing.locks, "online": standing.online, "refused": standing.refused}
    whole |= {"failed": standing.failed, "deeds": dict(standing.deeds), "agrees": bool(end and end.agrees)}
    if end is None:
        return whole
    compared = {"entries": _ledger(end.events), "states": _ledger(end.states)}
    return whole | {"untold": end.untold, "forgotten": end.forgotten} | compared


def _action(run: Run, kind: Kind) -> dict[str, Any]:
    outcomes = {outcome.value: run.tally.outcomes[kind, outcome] for outcome in Outcome}
    return outcomes | {"latency_ms": _latency(run.tally.latencies[kind])}


def _latency(sketch: Sketch) -> dict[str, float | None]:
    found = {name: sketch.percentile(share) for name, share in PERCENTILES.items()}
    figures = {name: None if value is None else round(value * 1000, 2) for name, value in found.items()}
    return figures | {"max": round(sketch.longest * 1000, 2)}


def _ledger(comparison: Comparison | None, *figures: str) -> dict[str, Any]:
    """How the comparison came out; a request without a clear answer is one whichever of `figures` it may be in."""
    if comparison is None:
        return {"is_compared": False, "agrees": False}
    return {
        "is_compared": True,
        "agrees": comparison.holds,
        "is_shared": comparison.is_shared,
        "uncertain": sum(line.high - line.low for line in comparison.lines if not figures or line.figure in figures),
        "totals": comparison.totals(),
        "differing": [
            {"of": line.whose, "figure": line.figure, "low": line.low, "high": line.high, "served": line.served}
            for line in comparison.differing
        ],
        "unnamed": list(comparison.unnamed),
    }


def lines_of(summary: dict[str, Any]) -> Iterator[str]:
    """The summary for a reader."""
    yield (
        f"{summary['scenario']}, seed {summary['seed']}, {summary['people']} people: {summary['arrived']} arrivals "
        f"in {summary['seconds']:.1f} s = {summary['arrived_per_second']:.2f}/s of {summary['rate']:g}/s asked, "
        f"{summary['shed']} shed, {summary['repeats']} repeats, {summary['abandoned']} abandoned"
    )
    yield ""
    outcomes = [outcome.value for outcome in Outcome]
    yield f"{'action':<17}" + "".join(f"{name:>12}" for name in (*outcomes, *PERCENTILES))
    for name, action in summary["actions"].items():
        yield _row(name, action, action["latency_ms"])
    yield _row("all", summary["outcomes"], summary["latency_ms"])
    yield ""
    yield from _ledger_lines("ledger", "user_actions_total", summary["ledger"])
    yield from _ledger_lines("library", "the library's totals", summary["library"])
    yield from _ledger_lines("loans", "what people are told of their own loans", summary["loans"])
    if summary["late"]:
        yield f"        {summary['late']} books were given back late"
    yield from _ledger_lines("requests", "the analytics", summary["requests"])
    if summary["verified"]:
        yield f"        {summary['verified']} people were verified at the desk"
    yield from _lock_lines(summary["locks"])


def _row(name: str, counts: dict[str, Any], latency: dict[str, float | None]) -> str:
    times = ("-" if latency[name] is None else f"{latency[name]:.1f} ms" for name in PERCENTILES)
    return f"{name:<17}" + "".join(f"{cell!s:>12}" for cell in (*(counts[outcome] for outcome in Outcome), *times))


def _lock_lines(locks: dict[str, Any]) -> Iterator[str]:
    if not locks["locks"]:
        return
    yield ""
    deeds = ", ".join(f"{name} {number}" for name, number in sorted(locks["deeds"].items()))
    yield f"{locks['online']} of {locks['locks']} locks online; {deeds or 'nothing befell them'}"
    if "entries" not in locks:
        yield "locks: nobody waited for the comparison with their logs"
        return
    if locks["untold"] or locks["forgotten"]:
        yield f"locks: {locks['untold']} messages are not known to be stored, {locks['forgotten']} were forgotten"
    yield from _ledger_lines("entries", "the logs of the locks", locks["entries"])
    yield from _ledger_lines("states", "the locks as the service knows them", locks["states"])


def _ledger_lines(name: str, book: str, ledger: dict[str, Any]) -> Iterator[str]:
    if not ledger["is_compared"]:
        yield f"{name}: {book} could not be read, nothing was compared"
        return
    totals = ", ".join(
        f"{figure} {_span(whole['low'], whole['high'])}/{whole['served']}"
        for figure, whole in sorted(ledger["totals"].items())
    )
    yield f"{name}: {'agrees with' if ledger['agrees'] else 'DIFFERS FROM'} {book} (ours/served: {totals})"
    if ledger["is_shared"]:
        yield "        others may have asked for the same: it was only looked whether any of ours is missing"
    if ledger["uncertain"]:
        requests = "1 request" if ledger["uncertain"] == 1 else f"{ledger['uncertain']} requests"
        yield f"        {requests} may have been counted or not: a range was compared"
    if ledger["unnamed"]:
        yield f'        {len(ledger["unnamed"])} people are not named by the service but folded into "other"'
    for line in ledger["differing"][:SHOWN_DIFFERENCES]:
        bounds = _span(line["low"], line["high"])
        yield f"        {line['of']} {line['figure']}: {bounds} by us, {line['served']} served"
    if len(ledger["differing"]) > SHOWN_DIFFERENCES:
        yield f"        and {len(ledger['differing']) - SHOWN_DIFFERENCES} more"


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"
