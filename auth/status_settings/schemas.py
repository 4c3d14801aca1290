"""What staff may choose for the status page."""

from typing import Annotated

from pydantic import ConfigDict, Field

from auth.http.body import Body
from auth.http.texts import OneLine

Color = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class StatusSettings(Body):
    """How the status page looks."""

    model_config = ConfigDict(from_attributes=True)

    title: Annotated[str, Field(min_length=1, max_length=100), OneLine]
    description: Annotated[str, Field(max_length=1000)]
    primary_color: Color
    success_color: Color
    warning_color: Color
    danger_color: Color
    refresh_seconds: Annotated[int, Field(ge=5, le=3600)]
    shows_response_times: bool
    shows_uptime: bool
    shows_incidents: bool
