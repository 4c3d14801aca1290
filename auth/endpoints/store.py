"""All database work of endpoints. How they stand is the collector's to write, and is only read here."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import defer

from auth.database import db, run_alone, run_within
from auth.endpoints.schemas import EndpointPage
from auth.http.paging import contains
from sql.models import Endpoint, EndpointFigures, EndpointState
from sql.statements import load

RECENT_CHECKS = 50

statements = load("endpoints")
notifications = load("notifications")


Found = Select[Endpoint, EndpointState, EndpointFigures]  # the last two by an outer join


@dataclass(frozen=True, slots=True)
class Watched:
    """An endpoint with what the collector found: its last known state and its figures, once there are any."""

    endpoint: Endpoint
    known: EndpointState | None
    figures: EndpointFigures | None


def list_endpoints(page: EndpointPage, *, sees_all: bool) -> tuple[list[Watched], int | None]:
    """A page of endpoints in the order they were made, and the next page's cursor."""
    found = _watched(sees_all).where(Endpoint.id > page.cursor).order_by(Endpoint.id).limit(page.limit + 1)
    if page.group is not None:
        found = found.where(Endpoint.group_name == page.group)
    if page.q:
        found = found.where(Endpoint.name.ilike(contains(page.q)))
    watched = _read(found)
    kept = watched[: page.limit]
    return kept, kept[-1].endpoint.id if len(watched) > page.limit else None


def list_all_endpoints() -> list[Watched]:
    """Every endpoint, as staff orders them: by group, position and name."""
    return _read(_watched(sees_all=True).order_by(*DISPLAY_ORDER))


def list_names() -> list[tuple[int, str, str | None]]:
    """The id, name and group of every endpoint, as staff orders them: to choose from."""
    found = select(Endpoint.id, Endpoint.name, Endpoint.group_name).order_by(*DISPLAY_ORDER)
    return [(row.id, row.name, row.group_name) for row in db.session.execute(found)]


def list_overviewed() -> list[Watched]:
    """What the house tells everybody of itself: its public endpoints that are enabled."""
    return _read(_watched(sees_all=False).where(Endpoint.is_enabled))


def find_watched(endpoint_id: int, *, sees_all: bool) -> Watched | None:
    """One endpoint with how it stands; None for one that is not there, or not for everybody's eyes."""
    return next(iter(_read(_watched(sees_all).where(Endpoint.id == endpoint_id))), None)


def list_recent_checks(endpoint_id: int) -> list[dict[str, Any]]:
    """The newest checks of an endpoint, newest first, as the table has them."""
    return [row[0] for row in run_alone(statements.list_recent_checks, endpoint_id=endpoint_id, most=RECENT_CHECKS)]


def count_open_incidents() -> int:
    """How many incidents stand open that everybody may know of."""
    return int(run_alone(statements.count_open_incidents)[0][0])


def lock_endpoint(endpoint_id: int) -> Endpoint | None:
    """The endpoint, held until the request's transaction ends."""
    return db.session.get(Endpoint, endpoint_id, with_for_update=True)


def insert_endpoint(values: dict[str, Any]) -> Endpoint:
    """A new endpoint; a taken name raises IntegrityError on `endpoints_name_key`."""
    endpoint = Endpoint(**values)
    db.session.add(endpoint)
    _keep(endpoint)
    return endpoint


def update_endpoint(endpoint: Endpoint, values: dict[str, Any]) -> None:
    """Put `values` into the endpoint."""
    for name, value in values.items():
        setattr(endpoint, name, value)
    endpoint.updated_at = func.now()
    _keep(endpoint)


def tell_end_of_watch(endpoint_id: int, told: str) -> None:
    """A message to every channel that was told of an alert of the endpoint, sent once this transaction is committed."""
    run_within(notifications.queue_end_of_watch, endpoint_id=endpoint_id, subject=told, body=f"{told}.")


def remove_endpoint(endpoint: Endpoint) -> None:
    """Take the endpoint away, and with it all that was found of it."""
    db.session.delete(endpoint)
    db.session.flush()
    run_within(statements.announce_endpoints)


def hold_parents() -> None:
    """Nobody else gives parents until this request ends; to be said before an endpoint is locked."""
    run_within(statements.hold_parents)


def is_circle(endpoint_id: int, parent_id: int) -> bool:
    """Whether that parent would make the endpoint its own ancestor."""
    return bool(run_within(statements.leads_back, endpoint_id=endpoint_id, parent_id=parent_id)[0][0])


def columns_of(endpoint: Endpoint) -> dict[str, Any]:
    """The endpoint's definition, by column."""
    return {name: getattr(endpoint, name) for name in DEFINITION}


def _keep(endpoint: Endpoint) -> None:
    db.session.flush()
    db.session.refresh(endpoint)
    run_within(statements.announce_endpoints)


def _watched(sees_all: bool) -> Found:
    found = (
        select(Endpoint, EndpointState, EndpointFigures)
        .outerjoin(EndpointState, EndpointState.endpoint_id == Endpoint.id)
        .outerjoin(EndpointFigures, EndpointFigures.endpoint_id == Endpoint.id)
        .options(defer(EndpointState.track))
    )
    return found if sees_all else found.where(Endpoint.is_public)


def _read(found: Found) -> list[Watched]:
    return [Watched(endpoint, known, figures) for endpoint, known, figures in db.session.execute(found)]


DEFINITION = tuple(
    column.key for column in Endpoint.__table__.columns if column.key not in {"id", "created_at", "updated_at"}
)
DISPLAY_ORDER: tuple[ColumnElement[Any], ...] = (
    Endpoint.group_name.asc().nulls_last(),
    Endpoint.position.asc(),
    Endpoint.name.asc(),
)
