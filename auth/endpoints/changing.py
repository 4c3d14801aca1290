"""Changing what is watched: each change whole, with its checks and its entry in the audit log."""

from typing import Any

from auth.audit.changes import changes_between
from auth.audit.store import record
from auth.endpoints import store
from auth.endpoints.rules import faults_of
from auth.endpoints.schemas import NewEndpoint
from auth.house import house
from auth.http.problems import Problem, bad_fields
from auth.incidents.store import resolve_of_endpoint
from auth.sign_in import Caller
from sql.models import Endpoint

SECRET = ("headers", "body")
CIRCLE = {"parent_id": ["must not lead back to the endpoint itself"]}
NO_LONGER_WATCHED = "The endpoint is no longer watched."


def add_endpoint(caller: Caller, body: NewEndpoint) -> Endpoint:
    """Watch an endpoint from now on. Raises Problem 422; a taken name is a rule of the database."""
    values = body.model_dump()
    _refuse_faults(values, set(values))
    endpoint = store.insert_endpoint(values)
    record(caller, "endpoint.created", "endpoint", endpoint.id, changes_between(None, values, secret=SECRET))
    return endpoint


def change_endpoint(caller: Caller, endpoint_id: int, changes: dict[str, Any]) -> Endpoint:
    """Change an endpoint's definition. Raises Problem 404, 422."""
    gives_parent = changes.get("parent_id") is not None
    if gives_parent:
        store.hold_parents()
    endpoint = _hold(endpoint_id)
    before = store.columns_of(endpoint)
    _refuse_faults({**before, **changes}, set(changes))
    if gives_parent and store.is_circle(endpoint_id, changes["parent_id"]):
        raise bad_fields(CIRCLE)
    store.update_endpoint(endpoint, changes)
    if changed := changes_between(before, store.columns_of(endpoint), secret=SECRET):
        record(caller, "endpoint.changed", "endpoint", endpoint_id, changed)
    return endpoint


def delete_endpoint(caller: Caller, endpoint_id: int) -> None:
    """Watch an endpoint no longer, and forget what was found of it. Raises Problem 404."""
    endpoint = _hold(endpoint_id)
    before = store.columns_of(endpoint)
    resolve_of_endpoint(endpoint_id, NO_LONGER_WATCHED)
    store.tell_end_of_watch(endpoint_id, f"{' '.join(endpoint.name.split())} is no longer watched")
    store.remove_endpoint(endpoint)
    record(caller, "endpoint.deleted", "endpoint", endpoint_id, changes_between(before, None, secret=SECRET))


def _hold(endpoint_id: int) -> Endpoint:
    endpoint = store.lock_endpoint(endpoint_id)
    if endpoint is None:
        raise Problem(404, "There is no such endpoint")
    return endpoint


def _refuse_faults(definition: dict[str, Any], changed: set[str]) -> None:
    if faults := faults_of(definition, changed, house().settings.probe_allow):
        raise bad_fields(faults)
