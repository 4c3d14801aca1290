"""/health/status-page/, its JSON, the feed and the badges: bytes from the snapshot, for anybody."""

from typing import Any

from flask import Response, request

from auth.http.problems import Problem
from auth.http.route import Routes
from auth.status.badges import draw_badge
from auth.status.keeper import age_of
from auth.status.publishing import DOCUMENT, FEED, PAGE, find_snapshot, form_for_now, is_stale
from auth.status.snapshot import Form, Snapshot, form_of
from common.states import UNKNOWN

routes = Routes("status page")

HTML, JSON = "text/html; charset=utf-8", "application/json"
ATOM, SVG = "application/atom+xml; charset=utf-8", "image/svg+xml; charset=utf-8"


class KeptResponse(Response):
    """A response whose 304 still says what it is about: its headers replace those of the page that a browser keeps,
    and the gate chooses the ones on safety by the type."""

    def get_wsgi_headers(self, environ: Any) -> Any:
        headers = super().get_wsgi_headers(environ)
        if self.status_code == 304:
            headers["Content-Type"] = self.headers["Content-Type"]
        return headers


@routes.add("GET", "/health/status-page/", answers={200: "text/html", 304: None})
def show_status_page() -> Any:
    """The status page. It stays up, with its age told, when the database is away."""
    return _serve(PAGE, HTML)


@routes.add("GET", "/health/status-page-api/", answers={200: "application/json", 304: None})
def read_status_page() -> Any:
    """The status page as JSON.

    `updated_at` is when its facts last changed; `is_stale` and `age_seconds` tell of one that cannot be renewed.
    """
    return _serve(DOCUMENT, JSON)


@routes.add("GET", "/health/feed.atom", answers={200: "application/atom+xml", 304: None})
def read_feed() -> Any:
    """Updates of incidents and planned maintenance as an Atom feed."""
    return _serve(FEED, ATOM)


@routes.add("GET", "/health/badge/<key:endpoint_id>.svg", answers={200: "image/svg+xml", 304: None})
def show_badge(endpoint_id: int) -> Any:
    """A service's name and state as a picture; `unknown` while nobody can say."""
    snapshot = find_snapshot()
    if str(endpoint_id) not in snapshot.badges:
        raise Problem(404, "There is no public service of this number")
    name, state = snapshot.badges[str(endpoint_id)]
    return _answer(form_of(draw_badge(name, UNKNOWN if is_stale(snapshot) else state)), SVG, snapshot)


def _serve(name: str, media_type: str) -> Response:
    snapshot = find_snapshot()
    return _answer(form_for_now(snapshot, name), media_type, snapshot)


def _answer(form: Form, media_type: str, snapshot: Snapshot) -> Response:
    """The form, packed where that is taken, or 304 to who has it already."""
    is_packed = request.accept_encodings["gzip"] > 0
    response = KeptResponse(form.packed if is_packed else form.plain, content_type=media_type)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Age"] = str(int(age_of(snapshot)))
    response.set_etag(f"{form.tag}-gzip" if is_packed else form.tag)
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    response.make_conditional(request.environ)
    return response
