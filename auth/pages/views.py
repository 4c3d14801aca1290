"""The first page, and the API's description: as JSON, and rendered from files that we ship."""

from typing import Any, cast

from flask import Flask, Response, current_app, render_template

from auth.house import house
from auth.http.responses import to_json
from auth.http.route import Routes

routes = Routes("pages")

DESCRIPTION = "openapi"


def describe_with(app: Flask, description: dict[str, Any]) -> None:
    """Make /openapi.json answer `description`, printed once."""
    app.extensions[DESCRIPTION] = to_json(description)


@routes.add("GET", "/", answers={200: "text/html"})
def show_first_page() -> Any:
    """A first page that leads everywhere."""
    return page("first.html", public_url=house().settings.public_url)


@routes.add("GET", "/openapi.json", answers={200: "application/json"})
def read_description() -> Any:
    """This description."""
    return cast("bytes", current_app.extensions[DESCRIPTION])


@routes.add("GET", "/docs", answers={200: "text/html"})
def show_description() -> Any:
    """The description, rendered, to be tried out."""
    return page("docs.html")


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A rendered page."""
    content = render_template(template, **values)
    return Response(content, status, mimetype="text/html")
