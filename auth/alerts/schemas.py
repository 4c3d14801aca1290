"""What narrows the list of alerts."""

from typing import Literal

from auth.http.paging import Page


class AlertPage(Page):
    """A page of alerts, newest first."""

    status: Literal["open", "resolved"] | None = None
