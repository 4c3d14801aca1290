"""All database work of the status page's settings, but for the page itself, which reads them with all else."""

from sqlalchemy import func, select

from auth.audit import store as audit
from auth.audit.changes import changes_between
from auth.database import db
from auth.sign_in import Caller
from auth.status_settings.schemas import StatusSettings
from sql.models import StatusPage


def read_settings() -> StatusSettings:
    """The settings as they stand."""
    return StatusSettings.model_validate(db.session.scalars(select(StatusPage)).one())


def change_settings(caller: Caller, settings: StatusSettings) -> None:
    """Put `settings` in the place of what was there."""
    row = db.session.scalars(select(StatusPage).with_for_update()).one()
    before = StatusSettings.model_validate(row).model_dump()
    changes = changes_between(before, settings.model_dump())
    if not changes:
        return
    for name, (_, value) in changes.items():
        setattr(row, name, value)
    row.updated_at = func.now()
    db.session.flush()
    audit.record(caller, "status_page.changed", "status_page", row.id, changes)
