"""The OpenAPI 3.1 description of every path, built from the routes themselves, so that it cannot lag behind them."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from auth.http.body import FORM_TYPE, Form
from auth.http.paging import BIGGEST_PATH_KEY
from auth.http.problems import MEDIA_TYPE
from auth.http.route import PATH_ARGUMENT, Route, Routes, SignIn
from auth.sign_in import COOKIE_NAME

REFERENCE = "#/components/schemas/{model}"
ARGUMENT_SCHEMAS = {
    "uuid": {"type": "string", "format": "uuid"},
    "key": {"type": "integer", "minimum": 1, "maximum": BIGGEST_PATH_KEY},
}
References = dict[Any, Any]


class ProblemDetails(BaseModel):
    """An error, as RFC 9457 has it; `message` repeats `detail`, `errors` names each wrong field."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="The request's id")
    success: bool
    message: str
    errors: dict[str, list[str]] = Field(default_factory=dict)
    reason: str = Field(default="", description="A word for machines, where one status has several causes")


def describe(groups: Iterable[Routes], version: str) -> dict[str, Any]:
    """The whole document, ready to be sent as JSON."""
    routes = [(group.tag, route) for group in groups for route in group]
    references, schemas = _schemas(route for _, route in routes)
    paths: dict[str, Any] = {}
    for tag, route in routes:
        path = PATH_ARGUMENT.sub(r"{\2}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(tag, route, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Watchhouse",
            "version": version,
            "description": "A lending house that watches itself. Errors are problem details (RFC 9457).",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "lock": {"type": "http", "scheme": "bearer", "description": "A lock's own key, told at its claim"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE_NAME},
            },
        },
    }


def _schemas(routes: Iterable[Route]) -> tuple[References, dict[str, Any]]:
    """Where each model stands in the document, and all of them."""
    models: dict[tuple[type[BaseModel], Any], None] = {(ProblemDetails, "validation"): None}
    for route in routes:
        if route.body:
            models[(route.body, "validation")] = None
        models.update({(model, "serialization"): None for model in route.answers.values() if _is_model(model)})
    references, definitions = models_json_schema(list(models), ref_template=REFERENCE)
    return {model: reference for (model, _), reference in references.items()}, definitions.get("$defs", {})


def _is_model(answer: Any) -> bool:
    return isinstance(answer, type) and issubclass(answer, BaseModel)


def _operation(tag: str, route: Route, references: References) -> dict[str, Any]:
    summary, _, description = (route.view.__doc__ or "").strip().partition("\n")
    operation: dict[str, Any] = {
        "operationId": route.view.__name__,
        "tags": [tag],
        "summary": summary.strip(),
        "responses": {
            str(status): _answer(status, model, references) for status, model in sorted(route.answers.items())
        },
    }
    if description.strip():
        operation["description"] = " ".join(description.split())
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if route.body:
        operation["requestBody"] = {
            "required": not getattr(route.body, "may_be_absent", False),
            "content": {
                FORM_TYPE if issubclass(route.body, Form) else "application/json": {"schema": references[route.body]}
            },
        }
    if route.sign_in is SignIn.DEVICE:
        operation["security"] = [{"lock": []}]
    elif route.sign_in is not SignIn.NOBODY:
        others: list[dict[str, list[str]]] = [{}] if route.sign_in is SignIn.OPTIONAL else []
        operation["security"] = [{"bearer": []}, *([{"cookie": []}] if route.takes_cookie else others)]
    for status in sorted(_problems(route)):
        operation["responses"].setdefault(str(status), _answer(status, ProblemDetails, references, MEDIA_TYPE))
    return operation


def _answer(status: int, model: Any, references: References, media_type: str = "application/json") -> dict[str, Any]:
    """A model becomes a JSON answer, a string names another media type, None means no body."""
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if _is_model(model):
        answer["content"] = {media_type: {"schema": references[model]}}
    elif model is not None:
        answer["content"] = {model: {}}
    return answer


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": ARGUMENT_SCHEMAS.get(kind, {"type": "string"})}
        for kind, name in PATH_ARGUMENT.findall(route.path)
    ]
    if route.query:
        schema = route.query.model_json_schema()
        required = schema.get("required", [])
        found += [
            {"name": name, "in": "query", "required": name in required, "schema": _without_null(part)}
            for name, part in schema["properties"].items()
        ]
    if route.is_idempotent:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
            }
        )
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query's value can be left out, never null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    if len(kinds) != 1:
        return schema
    return {**{name: part for name, part in schema.items() if name not in ("anyOf", "default")}, **kinds[0]}


def _problems(route: Route) -> set[int]:
    """The errors that a route can answer by what it is."""
    found = {400, 500, 503, *route.problems}
    for is_so, statuses in (
        (route.is_limited, {429}),
        (route.sign_in is not SignIn.NOBODY, {401}),
        (route.sign_in is SignIn.STAFF, {403}),
        (route.query is not None, {414, 422}),  # a request line has its limit
        ("<" in route.path, {404}),
        (route.method != "GET", {409, 413, 415, 422}),  # somebody else holds the row; a body, also where none is taken
    ):
        if is_so:
            found |= statuses
    return found
