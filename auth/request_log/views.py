"""/health/api/logs/: the request log; one's own requests, and for staff everybody's."""

from typing import Any

from flask import request

from auth.gate import ADDED_HEADERS
from auth.http.problems import Problem
from auth.http.route import Routes, SignIn, sees_all
from auth.request_log import store
from auth.request_log.schemas import RequestList, RequestsWanted
from auth.sign_in import Caller

routes = Routes("request log")


@routes.add(
    "GET",
    "/health/api/logs/",
    sign_in=SignIn.CALLER,
    query=RequestsWanted,
    answers={200: RequestList},
    problems=(403,),
)
def list_requests(caller: Caller, query: RequestsWanted) -> Any:
    """Requests one by one, newest first: one's own, and for staff everybody's.

    A page ends where it is full, or where it has looked at many requests that are not wanted: it may then be short or
    empty and still have a `next`.
    """
    user_id = query.user_id
    if not sees_all(caller):
        if query.user_id not in (None, caller.id) or query.is_probe is not None:
            raise Problem(403, "Requests of others are for staff only")
        user_id = caller.id
    requests, following = store.list_requests(query, user_id=user_id)
    request.environ[ADDED_HEADERS].append(("Cache-Control", "private, no-store"))
    return {"items": requests, "next": None if following is None else str(following)}
