"""Typed models of every table; the migrations make the tables, a test holds the two together."""

from sql.models.access import AccessPin, CodeBrake, QrUse
from sql.models.accounts import LoginThrottle, OneTimeToken, Session, User
from sql.models.alerting import Alert, Channel
from sql.models.base import Base
from sql.models.checks import (
    EndpointDay,
    EndpointFigures,
    EndpointHour,
    EndpointState,
    StateInterval,
    checks,
)
from sql.models.collecting import Collector, HostMetric, JobRun, PartitionPolicy, ServiceState
from sql.models.device_commands import DeviceCommand
from sql.models.device_logs import DeadLetter, DeviceChain, DeviceCheckpoint, device_logs, device_telemetry
from sql.models.devices import Device, DeviceBoot, DeviceShare, DeviceState
from sql.models.endpoints import CheckRequest, Endpoint, EndpointSchedule
from sql.models.figures import CounterTotal, DailyFigure, Figure, FigureHour
from sql.models.house import AuditEntry, HouseKey, StatusPage
from sql.models.idempotency import IdempotencyKey
from sql.models.incidents import Incident, IncidentEndpoint, IncidentUpdate, Maintenance, MaintenanceEndpoint
from sql.models.journal import JournalHour, JournalSegment, JournalState, QuarantinedLine
from sql.models.library import Book, BookView, BookWords, Borrower, Loan, Reservation
from sql.models.outbox import Message
from sql.models.requests import DirtyHour, RequestAudit, RequestErasure, RequestHour, RequestMinute, request_log
from sql.models.resources import Resource, UserActionTotal, usage_stats
from sql.models.totals import EventTotal

__all__ = [
    "AccessPin",
    "Alert",
    "AuditEntry",
    "Base",
    "Book",
    "BookView",
    "BookWords",
    "Borrower",
    "Channel",
    "CheckRequest",
    "CodeBrake",
    "Collector",
    "CounterTotal",
    "DailyFigure",
    "DeadLetter",
    "Device",
    "DeviceBoot",
    "DeviceChain",
    "DeviceCheckpoint",
    "DeviceCommand",
    "DeviceShare",
    "DeviceState",
    "DirtyHour",
    "Endpoint",
    "EndpointDay",
    "EndpointFigures",
    "EndpointHour",
    "EndpointSchedule",
    "EndpointState",
    "EventTotal",
    "Figure",
    "FigureHour",
    "HostMetric",
    "HouseKey",
    "IdempotencyKey",
    "Incident",
    "IncidentEndpoint",
    "IncidentUpdate",
    "JobRun",
    "JournalHour",
    "JournalSegment",
    "JournalState",
    "Loan",
    "LoginThrottle",
    "Maintenance",
    "MaintenanceEndpoint",
    "Message",
    "OneTimeToken",
    "PartitionPolicy",
    "QrUse",
    "QuarantinedLine",
    "RequestAudit",
    "RequestErasure",
    "RequestHour",
    "RequestMinute",
    "Reservation",
    "Resource",
    "ServiceState",
    "Session",
    "StateInterval",
    "StatusPage",
    "User",
    "UserActionTotal",
    "checks",
    "device_logs",
    "device_telemetry",
    "request_log",
    "usage_stats",
]
