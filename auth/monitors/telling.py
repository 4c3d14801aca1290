"""What each monitor tells: its figures, judged by the thresholds as they are set now, and how old they are.

The paths and the staff's pages tell the same. Knows nothing of HTTP or SQL.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from auth.cache import Kept
from auth.house import house
from auth.monitors import store
from common import judging
from common.judging import Status, judge_part, status_of
from common.thresholds import Breach, Thresholds

Judge = Callable[[Mapping[str, Any], Thresholds], list[Breach]]

DAY_MINUTES = 24 * 60
# What the system's monitor calls the figures that it takes from a model's overview.
SHOWN = {
    "users": {"total": "total_users", "active": "active_users", "activity_rate": "activity_rate"},
    "books": {"total": "total_books", "available": "available_books", "availability_rate": "availability_rate"},
    "loans": {"active": "active_loans", "overdue": "overdue_loans", "overdue_rate": "overdue_rate"},
}


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told; for how many seconds it may be told again, and how many of them have passed."""

    told: dict[str, Any]
    max_age: int
    age: int


def tell_users() -> Telling:
    """The monitor of people."""
    kept = store.read_users()
    parts = ("overview", "role_distribution", "verification_stats", "activity_metrics")
    return _tell("User", kept, parts, _judge(judging.judge_users, kept))


def tell_books() -> Telling:
    """The monitor of books."""
    kept = store.read_books()
    parts = ("overview", "category_distribution", "inventory_metrics", "popularity_metrics")
    return _tell("Book", kept, parts, _judge(judging.judge_books, kept))


def tell_loans() -> Telling:
    """The monitor of loans."""
    kept = store.read_loans()
    parts = ("overview", "overdue_by_age", "due_soon", "by_role", "by_category", "avg_loan_days")
    return _tell("Loan", kept, parts, _judge(judging.judge_loans, kept))


def tell_analytics() -> Telling:
    """The monitor of requests; its alerts are of the last hour's."""
    breaches = _judge(judging.judge_requests, store.read_requests())
    return _tell("Analytics", store.read_analytics(), ("overview", "retention"), breaches)


def tell_system() -> Telling:
    """The monitor of the whole; as old as the health in it, which lives shortest."""
    overview, requests, health = store.read_overview(), store.read_requests(), store.read_health()
    models = overview.value
    alerts = _judge_all(models, requests.value, health.value)
    times = ("avg_api_response", "avg_db_query", "avg_cache_operation")
    told = {
        "timestamp": _moment(min(overview.made_at, requests.made_at)),
        "system_overview": {
            model: {**_shorten(models[model]["overview"], SHOWN[model]), "status": status_of(alerts[model])}
            for model in SHOWN
        },
        "health_status": judge_health(health.value, house().settings.alert_response_ms),
        "performance_overview": {"response_times": {time: requests.value[time] for time in times}},
        "critical_alerts": [
            asdict(breach) for found in alerts.values() for breach in found if breach.severity == "critical"
        ],
        "uptime": tell_uptime(monotonic() - house().started_at),
    }
    return _aged(told, health)


def judge_health(parts: Mapping[str, Mapping[str, Any]], slow_ms: float) -> dict[str, Status]:
    """Each part's status and the worst of them: critical when it fails, a warning when it is slow."""
    found = {
        part: judge_latency(measured["status"], measured["latency_ms"], slow_ms) for part, measured in parts.items()
    }
    order: tuple[Status, ...] = ("healthy", "warning", "critical")
    return {**found, "overall": max(found.values(), key=order.index)}


def judge_latency(status: str, latency_ms: float | None, slow_ms: float) -> Status:
    """What a measured part's status is called here."""
    if status != "healthy" or latency_ms is None:
        return "critical"
    return "warning" if latency_ms > slow_ms else "healthy"


def tell_uptime(seconds: float) -> str:
    """A span as days, hours and minutes."""
    minutes = int(seconds // 60)
    return f"{minutes // DAY_MINUTES}d {minutes % DAY_MINUTES // 60}h {minutes % 60}m"


def _judge_all(models: Mapping[str, Any], requests: Any, health: Mapping[str, Any]) -> dict[str, list[Breach]]:
    """The alerts of every model, and of the parts that fail."""
    thresholds = house().settings
    failing = [judge_part(part, is_failing=told["status"] == "failing") for part, told in health.items()]
    return {
        "users": judging.judge_users(models["users"], thresholds),
        "books": judging.judge_books(models["books"], thresholds),
        "loans": judging.judge_loans(models["loans"], thresholds),
        "requests": judging.judge_requests(requests, thresholds),
        "parts": [breach for breaches in failing for breach in breaches],
    }


def _shorten(overview: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {short: overview[name] for short, name in names.items()}


def _judge(judge: Judge, kept: Kept) -> list[Breach]:
    return judge(kept.value, house().settings)


def _tell(model: str, kept: Kept, parts: Iterable[str], breaches: Iterable[Breach]) -> Telling:
    told = {
        "model": model,
        "timestamp": _moment(kept.made_at),
        **{part: kept.value[part] for part in parts},
        "alerts": [asdict(breach) for breach in breaches],
    }
    return _aged(told, kept)


def _aged(told: dict[str, Any], kept: Kept) -> Telling:
    return Telling(told, kept.seconds, int(kept.age(house().cache.clock())))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
