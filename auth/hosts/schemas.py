"""What the path of host metrics takes and gives."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from auth.http.body import Query
from auth.http.moments import QueryMoment


class HostsWanted(Query):
    """Which host, all by default, over what time: the last hour by default; `step` in seconds."""

    model_config = ConfigDict(validate_by_name=False)

    host: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    since: Annotated[QueryMoment | None, Field(alias="from")] = None
    until: Annotated[QueryMoment | None, Field(alias="to")] = None
    step: Annotated[int | None, Field(ge=60, le=366 * 86_400)] = None


class HostPoint(BaseModel):
    """A host's means over a step, from `at` on; the network counts are bytes a minute."""

    at: datetime
    samples: int
    cpu_percent: float | None = None
    memory_mb: float | None = None
    memory_percent: float | None = None
    disk_percent: float | None = None
    load_1m: float | None = None
    network_sent_bytes: float | None = None
    network_received_bytes: float | None = None
    open_files: float | None = None


class HostSeries(BaseModel):
    """A host over time; steps without a sample are left out."""

    host: str
    points: list[HostPoint]


class HostMetrics(BaseModel):
    """All hosts that were asked for."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    step: int
    hosts: list[HostSeries]
