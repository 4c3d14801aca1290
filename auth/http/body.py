"""What comes in, made a model or refused with every field's faults.

Bodies are parsed and validated in one pass by pydantic, strictly: no unknown field, no number in a string's place.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, TypeVar, get_origin

import orjson
from flask import request
from gunicorn.http.errors import ParseException
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from auth.http.problems import Problem, bad_fields

Model = TypeVar("Model", bound=BaseModel)

FORM_TYPE = "application/x-www-form-urlencoded"
NUL = "must not contain the NUL character"
WHOLE = "body"
MOST_REASONS = 50
MOST_FIELDS = 100
BIG_BYTES = 4096


class Body(BaseModel):
    """The base of every request body."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, str_max_length=100_000)


class Nothing(Body):
    """The body of a path that takes none: an empty object says as little."""

    may_be_absent: ClassVar[bool] = True


class Form(BaseModel):
    """The base of what a page's form sends; its values are text, and lists of text where a name may come often."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, str_max_length=10_000)


class Query(BaseModel):
    """The base of every query string; its values are text, so numbers are read from it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


def read_body(model: type[Model]) -> Model:
    """The request's body as `model`, JSON or for a Form a page's form. Raises Problem 400, 413, 415 or 422."""
    if issubclass(model, Form):
        return _read_form(model)
    raw = _read_raw()
    if not raw and getattr(model, "may_be_absent", False):
        return model()
    if request.mimetype != "application/json":
        raise Problem(415, "The body must be JSON, with the content type application/json")
    if len(raw) > BIG_BYTES:
        _refuse_crowd(raw)
    try:
        found = model.model_validate_json(raw)
    except ValidationError as error:
        raise _problem_of(error) from None
    if b"\\u0000" in raw:
        _refuse_nul(json.loads(raw))
    return found


def refuse_body() -> None:
    """Refuse a body with anything in it, and read nothing where there is none. Raises Problem 400, 413, 415 or 422."""
    environ = request.environ
    if environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ:
        read_body(Nothing)


def _read_raw() -> bytes:
    """The body's bytes. Werkzeug cuts a chunked body at the limit without a word: whether more was sent tells."""
    try:
        raw = request.get_data(cache=True)
        if request.content_length is None and request.environ["wsgi.input"].read(1):
            raise RequestEntityTooLarge
    except (OSError, ParseException):  # the server's own, while it reads on
        raise Problem(400, "The body ended too soon, or its chunks are broken") from None
    return raw


def _refuse_crowd(raw: bytes) -> None:
    """Naming each of a hundred thousand unknown fields would take a second; this takes a millisecond."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return  # for the model to tell
    if isinstance(body, dict) and len(body) > MOST_FIELDS:
        raise bad_fields({WHOLE: [f"has more than {MOST_FIELDS} fields"]})


def _read_form(model: type[Model]) -> Model:
    if request.mimetype != FORM_TYPE:
        raise Problem(415, f"The body must be a form, with the content type {FORM_TYPE}")
    return _read_pairs(model, request.form)


def check(model: type[Model], values: Mapping[str, Any]) -> Model:
    """What a page's form says in other words, as `model`, by the rules of a JSON body. Raises Problem 422."""
    _refuse_nul(values)
    try:
        return model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise _problem_of(error) from None


def named_changes(body: BaseModel, *, apart_from: set[str] | None = None) -> dict[str, Any]:
    """The fields that a request to change something names. Raises Problem 422 when it names none."""
    changes = body.model_dump(exclude_unset=True, exclude=apart_from)
    if not changes:
        raise bad_fields({WHOLE: ["names no field to change"]})
    return changes


def read_query(model: type[Model]) -> Model:
    """The query string as `model`. Raises Problem 422; a name that comes twice is a fault too."""
    return _read_pairs(model, request.args)


def _read_pairs(model: type[Model], pairs: "MultiDict[str, str]") -> Model:
    values = _values_of(model, pairs)
    _refuse_nul(values)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _problem_of(error) from None


def _values_of(model: type[BaseModel], pairs: "MultiDict[str, str]") -> dict[str, Any]:
    lists = _lists_of(model)
    if twice := {
        name: ["is given more than once"] for name, values in pairs.lists() if len(values) > 1 and name not in lists
    }:
        raise bad_fields(twice)
    return {name: values if name in lists else values[0] for name, values in pairs.lists()}


@cache
def _lists_of(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for name, part in model.model_fields.items() if get_origin(part.annotation) is list)


def _problem_of(error: ValidationError) -> Problem:
    """400 for what is no JSON at all, 422 with the reasons by field for the rest; never the values."""
    faults: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_input=False)[:MOST_REASONS]:
        if fault["type"] == "json_invalid":
            return Problem(400, "The body is not valid JSON")
        field = ".".join(str(step) for step in fault["loc"])[:100] or WHOLE
        faults.setdefault(field, []).append(_reason(fault))
    return bad_fields(faults)


def _reason(fault: Any) -> str:
    known = {"missing": "is required", "extra_forbidden": "is not a field of this request"}
    return known.get(fault["type"]) or str(fault["msg"]).removeprefix("Value error, ")


def _refuse_nul(value: Any) -> None:
    """Text with NUL cannot be stored by PostgreSQL; here it is a fault of its field instead."""
    if isinstance(value, Mapping) and (faults := {key: [NUL] for key, inner in value.items() if _holds_nul(inner)}):
        raise bad_fields(faults)


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_nul(inner) for inner in (*value, *value.values()))
    if isinstance(value, list):
        return any(_holds_nul(inner) for inner in value)
    return isinstance(value, str) and "\0" in value
