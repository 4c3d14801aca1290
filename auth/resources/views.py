"""/actions/*: sharing, reading, changing and withdrawing resources."""

from collections.abc import Iterator
from typing import Any

from flask import Response, request

from auth.http.body import named_changes
from auth.http.problems import Problem, unauthorized
from auth.http.route import Routes, SignIn
from auth.resources import schemas, store
from auth.sign_in import Caller, read_caller
from auth.tokens import Claims
from sql.models import Resource

routes = Routes("resources")

HEAD = b'{"message":"Resources retrieved successfully","data":['


@routes.add(
    "POST",
    "/actions/create",
    sign_in=SignIn.CALLER,
    body=schemas.NewResource,
    is_idempotent=True,
    answers={201: schemas.Changed},
)
def create_resource(caller: Caller, body: schemas.NewResource) -> Any:
    """Share a resource."""
    resource_id = store.add_resource(caller.id, body.model_dump())
    return 201, {"message": "Resource created successfully", "id": resource_id}


@routes.add(
    "GET",
    "/actions/read",
    sign_in=SignIn.TOKEN,
    query=schemas.Reading,
    answers={200: schemas.ResourceList},
    problems=(409,),
)
def read_resources(claims: Claims, query: schemas.Reading) -> Any:
    """Read resources: all of them, streamed, or with `limit` a page at a time."""
    if request.method == "HEAD":  # nothing is read, so nothing is counted
        read_caller(claims)
        return Response(mimetype="application/json")
    if query.limit is None:
        return _stream(claims, query)
    page = store.read_page(claims.session_id, query.limit, query)
    if page is None:
        raise unauthorized("The session has ended")
    texts, following = page
    tail = f'],"next":{following}}}' if following else "]}"
    return HEAD + ",".join(texts).encode() + tail.encode()


@routes.add(
    "POST",
    "/actions/update",
    sign_in=SignIn.CALLER,
    body=schemas.ResourceChange,
    is_idempotent=True,
    answers={200: schemas.Changed},
    problems=(403, 404),
)
def update_resource(caller: Caller, body: schemas.ResourceChange) -> Any:
    """Change a resource of yours; fields that are left out stay."""
    values = named_changes(body, apart_from={"id"})
    store.change_resource(_own_resource(caller, body.id), caller.id, values)
    return {"message": "Resource updated successfully", "id": body.id}


@routes.add(
    "DELETE",
    "/actions/delete",
    sign_in=SignIn.CALLER,
    body=schemas.ResourceId,
    answers={200: schemas.Changed},
    problems=(403, 404),
)
def delete_resource(caller: Caller, body: schemas.ResourceId) -> Any:
    """Withdraw a resource of yours."""
    store.delete_resource(_own_resource(caller, body.id), caller.id)
    return {"message": "Resource deleted successfully", "id": body.id}


def _own_resource(caller: Caller, resource_id: int) -> Resource:
    """The resource, when it is the caller's or the caller is staff. Raises Problem 403, 404."""
    resource = store.lock_resource(resource_id)
    if resource is None:
        raise Problem(404, "There is no such resource")
    if resource.owner_id != caller.id and not caller.is_staff:
        raise Problem(403, "Only its owner or staff may change a resource")
    return resource


def _stream(claims: Claims, query: schemas.Reading) -> Response:
    """The whole list, written as it is read. The first batch is read at once, so a fault is still a clean error."""
    batches = store.stream_all(read_caller(claims).id, query)
    first = next(batches, [])

    def write() -> Iterator[bytes]:
        yield HEAD + ",".join(first).encode()
        separator = "," if first else ""
        for batch in batches:
            yield (separator + ",".join(batch)).encode()
        yield b"]}"

    return Response(write(), mimetype="application/json")
