"""What the paths of endpoints take: the definition of an endpoint, a change of one, a wish for checks."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, field_serializer

from auth.http.body import Body, Query
from auth.http.paging import Key, Page
from auth.http.texts import OneLine
from common.assertions import Assertions
from common.probe_mark import HEADER
from common.statuses import parse_statuses

MOST_HEADERS = 50
WELL: tuple[str | int, ...] = ("2xx",)
OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect", HEADER.lower()})

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _check_status(given: str | int) -> str | int:
    parse_statuses((str(given),))
    return given


def _check_headers(headers: dict[str, str]) -> dict[str, str]:
    names = [name.lower() for name in headers]
    if ours := sorted(OURS.intersection(names)):
        raise ValueError(f"{ours[0]} is set by the probe itself")
    if len(set(names)) < len(names):
        raise ValueError("names a header twice, in other letters")
    return headers


Name = Annotated[str, Field(min_length=1, max_length=100), OneLine]
Url = Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^(/|https?://)")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
HeaderValue = Annotated[str, Field(max_length=4096, pattern=r"^[\t -~]*$")]
Headers = Annotated[dict[HeaderName, HeaderValue], Field(max_length=MOST_HEADERS), AfterValidator(_check_headers)]
Status = Annotated[
    Annotated[str, Field(pattern=r"^[1-5]([xX][xX]|[0-9]{2}(-[1-5][0-9]{2})?)$")]
    | Annotated[int, Field(ge=100, le=599)],
    AfterValidator(_check_status),
]


class EndpointFields(Body):
    """What may be said of an endpoint beside its name and address; each has its default."""

    model_config = ConfigDict(validate_by_name=False)

    method: Method = "GET"
    headers: Headers = Field(default_factory=dict)
    body: str | None = None
    interval_seconds: Annotated[int, Field(ge=5, le=86_400)] = 60
    timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 10
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    expected_status: Annotated[list[Status], Field(min_length=1, max_length=20)] = Field(
        default_factory=lambda: list(WELL)
    )
    assertions: Assertions = ()
    degraded_after_ms: Annotated[int, Field(ge=1, le=60_000)] = 1000
    is_enabled: bool = True
    is_public: bool = True
    group_name: Annotated[
        Annotated[str, Field(min_length=1, max_length=100), OneLine] | None,
        Field(alias="group"),
    ] = None
    parent_id: Key | None = None
    position: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0

    @field_serializer("assertions")
    def _tell_assertions(self, assertions: Assertions) -> list[Any]:
        return [assertion.told for assertion in assertions]

    @field_serializer("expected_status")
    def _tell_statuses(self, statuses: list[Any]) -> list[str]:
        return [str(status) for status in statuses]


class NewEndpoint(EndpointFields):
    """An endpoint to be watched. A `url` that begins with `/` is a path of this house's own service."""

    name: Name
    url: Url


class EndpointChange(EndpointFields):
    """The fields to change; one that is left out stays."""

    name: Name = ""
    url: Url = ""


class EndpointPage(Page):
    """A page of endpoints, in the order they were made."""

    group: Annotated[str | None, Field(max_length=100)] = None
    q: Annotated[str | None, Field(max_length=100, description="Part of a name")] = None


class ChecksWanted(Body):
    """The names of the endpoints to check; none for all that are enabled."""

    may_be_absent: ClassVar[bool] = True

    endpoints: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=1000)] = Field(
        default_factory=list
    )


class Patience(Query):
    """How long to wait for results."""

    wait: Annotated[float, Field(ge=0, le=30, description="Seconds to wait for the results")] = 30
