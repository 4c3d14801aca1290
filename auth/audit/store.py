"""All database work of the audit log: written with each change, read by staff, never changed."""

from uuid import UUID

from flask import request

from auth.audit.changes import Changes
from auth.audit.schemas import AuditEntryView, AuditPage
from auth.database import db, run_alone
from auth.gate import CLIENT_ADDRESS, REQUEST_ID
from auth.sign_in import Caller
from sql.models import AuditEntry
from sql.statements import load

statements = load("audit")


def record(caller: Caller, action: str, subject_type: str, subject_id: int | str | UUID, changes: Changes) -> None:
    """Keep that `caller` did `action`, in the transaction of the change itself."""
    db.session.add(
        AuditEntry(
            user_id=caller.id,
            action=action,
            subject_type=subject_type,
            subject_id=str(subject_id),
            changes=changes,
            ip_address=request.environ[CLIENT_ADDRESS],
            request_id=request.environ[REQUEST_ID],
        )
    )
    db.session.flush()


def list_entries(page: AuditPage) -> tuple[list[AuditEntryView], int | None]:
    """A page of entries, newest first, and the next page's cursor."""
    rows = run_alone(
        statements.list_audit_entries,
        page=page.limit,
        cursor=page.cursor,
        **page.model_dump(exclude={"limit", "cursor"}),
    )
    entries = [AuditEntryView(**row[0]) for row in rows[: page.limit]]
    return entries, entries[-1].id if len(rows) > page.limit else None
