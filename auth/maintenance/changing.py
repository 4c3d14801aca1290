"""Planning maintenance: each change whole, with its checks and its entry in the audit log."""

from typing import Any

from auth.audit.changes import changes_between
from auth.audit.store import record
from auth.http.problems import Problem, bad_fields
from auth.maintenance import store
from auth.maintenance.past import end_field, faults_of, has_begun, is_over, refuse_changes, refuse_start
from auth.maintenance.schemas import NewMaintenance
from auth.sign_in import Caller
from common.clock import utc_now
from sql.models import Maintenance


def plan_maintenance(caller: Caller, body: NewMaintenance) -> int:
    """Plan maintenance; returns its id. Raises Problem 422."""
    fields = body.model_dump()
    if faults := {**faults_of(fields), **refuse_start(body.starts_at, utc_now())}:
        raise bad_fields(faults)
    columns = {name: fields[name] for name in store.FIELDS}
    maintenance = store.insert_maintenance({**columns, "planned_by": caller.id}, body.endpoints)
    record(caller, "maintenance.created", "maintenance", maintenance.id, changes_between(None, fields))
    return maintenance.id


def change_maintenance(caller: Caller, maintenance_id: int, changes: dict[str, Any]) -> None:
    """Change a plan, as far as it has not begun. Raises Problem 404, 422."""
    maintenance = _hold(maintenance_id)
    before = store.fields_of(maintenance)
    if "endpoints" in changes:
        changes = {**changes, "endpoints": sorted(set(changes["endpoints"]))}
    differing = {name: value for name, value in changes.items() if value != before[name]}
    after = {**before, **differing}
    if faults := {**faults_of(after), **refuse_changes(before, differing, utc_now())}:
        raise bad_fields(faults)
    if differing:
        store.update_maintenance(maintenance, differing)
        record(caller, "maintenance.changed", "maintenance", maintenance_id, changes_between(before, after))


def end_maintenance(caller: Caller, maintenance_id: int) -> None:
    """End a plan now, what was of it stays; one that has not begun goes as if it had never been. Raises Problem 404."""
    maintenance = _hold(maintenance_id)
    now, before = utc_now(), store.fields_of(maintenance)
    if not has_begun(before, now):
        store.remove_maintenance(maintenance)
        record(caller, "maintenance.deleted", "maintenance", maintenance_id, changes_between(before, None))
    elif not is_over(before, now):
        ended = {end_field(before): now}
        store.update_maintenance(maintenance, ended)
        changes = changes_between(before, {**before, **ended})
        record(caller, "maintenance.ended", "maintenance", maintenance_id, changes)


def _hold(maintenance_id: int) -> Maintenance:
    maintenance = store.lock_maintenance(maintenance_id)
    if maintenance is None:
        raise Problem(404, "There is no such maintenance")
    return maintenance
