"""All database work of resources. Each action is recorded and counted in the transaction of the change itself."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import func

from auth.database import db, run_alone, run_within
from auth.http.paging import contains
from auth.resources.schemas import Reading
from sql.engine import transaction
from sql.models import Resource
from sql.statements import load, run, stream

STREAM_ROWS = 50  # little enough to be sent, even slowly, before an idle transaction is ended

statements = load("resources")


def add_resource(owner_id: UUID, values: dict[str, Any]) -> int:
    """A new resource, counted as a create; returns its id."""
    resource = Resource(owner_id=owner_id, **values)
    db.session.add(resource)
    db.session.flush()
    _count_action(owner_id, "create", resource.id)
    return resource.id


def lock_resource(resource_id: int) -> Resource | None:
    """The resource, held until the request's transaction ends."""
    return db.session.get(Resource, resource_id, with_for_update=True)


def change_resource(resource: Resource, user_id: UUID, values: dict[str, Any]) -> None:
    """Put `values` into the resource, counted as an update by `user_id`."""
    for name, value in values.items():
        setattr(resource, name, value)
    resource.updated_at = func.now()
    db.session.flush()
    _count_action(user_id, "update", resource.id)


def delete_resource(resource: Resource, user_id: UUID) -> None:
    """Take the resource away, counted as a delete by `user_id`."""
    db.session.delete(resource)
    db.session.flush()
    _count_action(user_id, "delete", resource.id)


def _count_action(user_id: UUID, action: str, resource_id: int | None) -> None:
    """One row for the record, one more on the person's total."""
    run_within(statements.count_action, user_id=user_id, action=action, resource_id=resource_id)


def read_page(session_id: str, limit: int, reading: Reading) -> tuple[list[str], int | None] | None:
    """At most `limit` resources as JSON texts, and the next page's cursor when there is more.

    None when the session has ended. Counted as a read.
    """
    rows = run_alone(statements.read_resources, sid=session_id, page=limit, **_narrowed(reading))
    if not rows:
        return None
    texts = [printed for _, printed in rows[:limit] if printed is not None]
    return texts, rows[limit - 1][0] if len(rows) > limit else None


def stream_all(user_id: UUID, reading: Reading) -> Iterator[list[str]]:
    """Batches of resources as JSON texts, in one snapshot. Counted as a read, committed once the last is taken.

    It has a connection of its own: the request's session ends before a streamed answer does.
    """
    engine = db.engine

    def read() -> Iterator[list[str]]:
        with transaction(engine) as connection:
            yield from stream(connection, statements.stream_resources, STREAM_ROWS, **_narrowed(reading))
            # Last, for it locks the person's total: a slow reader must not keep their other calls waiting.
            run(connection, statements.count_action, user_id=user_id, action="read", resource_id=reading.id)

    return read()


def _narrowed(reading: Reading) -> dict[str, Any]:
    return {
        "cursor": reading.cursor,
        "id": reading.id,
        "kind": reading.kind,
        "pattern": contains(reading.q) if reading.q else None,
    }
