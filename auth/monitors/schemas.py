"""What the monitors of the system, of people and of requests answer: exactly these keys, without an envelope."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from common.judging import Status
from common.thresholds import Severity

PERCENT = "Percent, with two decimals; 0 where there is nothing to divide by"


class AlertView(BaseModel):
    """A figure beyond its threshold; critical from twice the threshold on, or at half of it where it is a floor."""

    severity: Severity
    metric: str
    value: float
    threshold: float
    message: str


class UsersStanding(BaseModel):
    """Accounts, and those of them that signed in within 30 days."""

    total: int
    active: int
    activity_rate: float = Field(description=PERCENT)
    status: Status


class BooksStanding(BaseModel):
    """Books in copies."""

    total: int
    available: int
    availability_rate: float = Field(description=PERCENT)
    status: Status


class LoansStanding(BaseModel):
    """Loans that run; `active` are those that are not overdue."""

    active: int
    overdue: int
    overdue_rate: float = Field(description="Percent of the loans that run")
    status: Status


class SystemOverview(BaseModel):
    """How people, books and loans stand."""

    users: UsersStanding
    books: BooksStanding
    loans: LoansStanding


class HealthStatus(BaseModel):
    """Database and cache, measured by using them, and the worse of the two; a slow one is a warning."""

    database: Status
    cache: Status
    overall: Status


class ResponseTimes(BaseModel):
    """Averages of the last hour in seconds; null while nobody measured."""

    avg_api_response: float | None = Field(description="Of the routes below /api/, without our own probes")
    avg_db_query: float | None
    avg_cache_operation: float | None


class PerformanceOverview(BaseModel):
    """How fast the service is."""

    response_times: ResponseTimes


class SystemMonitor(BaseModel):
    """The house at a glance. Figures are kept for 5 minutes, their health for one: `Age` is that of the health."""

    timestamp: datetime = Field(description="The moment of the figures")
    system_overview: SystemOverview
    health_status: HealthStatus
    performance_overview: PerformanceOverview
    critical_alerts: list[AlertView]
    uptime: str = Field(examples=["5d 12h 30m"], description="Since this service was started, over all its workers")


class UsersOverview(BaseModel):
    """Accounts, and those of them that signed in within 30 days."""

    total_users: int
    active_users: int
    activity_rate: float = Field(description=PERCENT)


class RoleView(BaseModel):
    """The accounts of a role."""

    count: int
    label: str
    active_count: int


class VerificationStats(BaseModel):
    """Accounts that are not disabled: what was verified of them, and what waits."""

    fully_verified: int = Field(description="E-mail and identity, and for teachers and librarians the profession")
    pending_email: int
    pending_identity: int
    pending_professional: int


class ActivityMetrics(BaseModel):
    """Accounts that signed in within 1, 7 and 30 days, and those that never did."""

    daily_active: int
    weekly_active: int
    monthly_active: int
    never_logged_in: int


class UsersMonitor(BaseModel):
    """People."""

    model: Literal["User"]
    timestamp: datetime
    overview: UsersOverview
    role_distribution: dict[str, RoleView]
    verification_stats: VerificationStats
    activity_metrics: ActivityMetrics
    alerts: list[AlertView]


class AnalyticsOverview(BaseModel):
    """What is kept of requests, and how far behind it is; null while there is nothing."""

    raw_rows: int
    hourly_rows: int
    oldest_raw: datetime | None
    ingest_lag_seconds: float | None
    last_rollup: datetime | None


class Retention(BaseModel):
    """For how many days requests and their minutes are kept."""

    raw_days: int
    minute_days: int


class AnalyticsMonitor(BaseModel):
    """Requests."""

    model: Literal["Analytics"]
    timestamp: datetime
    overview: AnalyticsOverview
    retention: Retention
    alerts: list[AlertView]
