"""Typed models of every table; the migrations make the tables, a test holds the two together."""

from sql.models.accounts import LoginThrottle, OneTimeToken, Session, User
from sql.models.base import Base
from sql.models.collecting import Collector, HostMetric, JobRun, PartitionPolicy, ServiceState
from sql.models.idempotency import IdempotencyKey
from sql.models.outbox import Message
from sql.models.resources import Resource, UserActionTotal, usage_stats

__all__ = [
    "Base",
    "Collector",
    "HostMetric",
    "IdempotencyKey",
    "JobRun",
    "LoginThrottle",
    "Message",
    "OneTimeToken",
    "PartitionPolicy",
    "Resource",
    "ServiceState",
    "Session",
    "User",
    "UserActionTotal",
    "usage_stats",
]
