"""/admin/health/status-page/: how the public status page looks, to be seen before it is saved."""

from typing import Any

from flask import Response

from auth.admin.staff import Room, room_page
from auth.http.body import check
from auth.http.problems import Problem
from auth.pages.room import Done, PageForm, demand_unchanged
from auth.pages.typed import number_or_text, text_of
from auth.pages.views import page
from auth.sign_in import Caller
from auth.status.publishing import render_preview
from auth.status_settings.schemas import StatusSettings
from auth.status_settings.store import change_settings, read_settings

routes = Room()

HERE = "/admin/health/status-page/"
COLORS = {
    "primary_color": "Primary",
    "success_color": "Success",
    "warning_color": "Warning",
    "danger_color": "Danger",
}
SWITCHES = {
    "shows_uptime": "Show uptime",
    "shows_response_times": "Show response times",
    "shows_incidents": "Show incidents",
}


class StatusForm(PageForm):
    """The settings as their form has them."""

    title: str = ""
    description: str = ""
    primary_color: str = ""
    success_color: str = ""
    warning_color: str = ""
    danger_color: str = ""
    refresh_seconds: str = ""
    shows_response_times: str = ""
    shows_uptime: str = ""
    shows_incidents: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The form in the words of the model."""
        return {
            "title": self.title.strip(),
            "description": text_of(self.description),
            **{color: getattr(self, color).strip().lower() for color in COLORS},
            "refresh_seconds": number_or_text(self.refresh_seconds),
            **{switch: bool(getattr(self, switch)) for switch in SWITCHES},
        }


@routes.show(HERE)
def show_status_settings(caller: Caller) -> Any:
    """The settings of the status page."""
    return _show_form(caller, _form_now())


def _form_now() -> StatusForm:
    settings = read_settings().model_dump()
    texts = {name: ("on" if value else "") if name in SWITCHES else str(value) for name, value in settings.items()}
    return StatusForm(**texts)


def _show_form(caller: Caller, body: StatusForm, refused: Problem | None = None) -> Response:
    return room_page("status_settings.html", caller, refused, form=body, colors=COLORS, switches=SWITCHES)


@routes.act(HERE, body=StatusForm, again=_show_form)
def change_status_settings(caller: Caller, body: StatusForm) -> Any:
    """Change how the status page looks."""
    demand_unchanged(body, _form_now())
    change_settings(caller, check(StatusSettings, body.values))
    return Done(HERE, "The settings are saved; the page shows them within a few seconds.")


@routes.act(HERE + "preview/", body=StatusForm, again=_show_form, page_status=200)
def preview_status_page(body: StatusForm) -> Any:
    """The status page as it would look, with nothing saved."""
    return page("admin/preview.html", content=render_preview(check(StatusSettings, body.values)))
