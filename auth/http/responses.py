"""What views give, as responses. A view returns its payload, or its status and payload; or, in two steps, `Later`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from flask import Response
from pydantic import BaseModel

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Later(Generic[Answer]):
    """What a view answers when others must see its change before they can answer to it.

    `now` is committed, and kept for repeats of the request, before `wait` is called; its answer then takes the place.
    """

    now: Answer
    wait: Callable[[], Answer]


def respond_by(view: Callable[..., Any], arguments: Mapping[str, Any]) -> Response | Later[Response]:
    """What `view` gives, as a response, or one for now and one to be waited for."""
    answer = view(**arguments)
    if isinstance(answer, Later):
        return Later(to_response(answer.now), lambda: to_response(answer.wait()))
    return to_response(answer)


def to_response(answer: Any) -> Response:
    """A view's payload, or its status and payload, as a response; a response passes as it is."""
    if isinstance(answer, Response):
        return answer
    status, payload = answer if isinstance(answer, tuple) else (200, answer)
    if payload is None:
        response = Response(status=status)
        del response.headers["Content-Type"]
        return response
    return Response(payload if isinstance(payload, bytes) else to_json(payload), status, mimetype="application/json")


def to_json(payload: Any) -> bytes:
    """JSON of dictionaries, models, times and ids."""
    return orjson.dumps(payload, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(type(value).__name__)
