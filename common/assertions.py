"""What may be demanded of an answer beside its status: the grammar in which endpoints say it. Knows no answer."""

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, model_validator

from common.json_path import parse_path
from common.patterns import check_pattern

MOST_ASSERTIONS = 20
LONGEST_VALUE = 1000


def _check_path(path: str) -> str:
    parse_path(path)
    return path


Value = Annotated[str, Field(min_length=1, max_length=LONGEST_VALUE)]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(check_pattern)]
Path = Annotated[str, Field(min_length=1), AfterValidator(_check_path)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]


class Demand(BaseModel):
    """What all assertions share: they are strict, never change, and can be told again as they were said."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @cached_property
    def told(self) -> dict[str, Any]:
        """The assertion as JSON, only what was said."""
        return self.model_dump(mode="json", exclude_unset=True)


def _one_comparison(demand: Demand, names: tuple[str, ...]) -> None:
    """Null is a value of JSON, so it is asked what was said, not what is null."""
    if len(demand.model_fields_set.intersection(names)) != 1:
        raise ValueError(f"needs exactly one of {', '.join(names)}")


class BodyContains(Demand):
    """The body holds `value`, letter by letter."""

    kind: Literal["body_contains"]
    value: Value


class BodyMatches(Demand):
    """`pattern` is found somewhere in the body's first 64 KiB."""

    kind: Literal["body_matches"]
    pattern: Pattern


class Header(Demand):
    """A header of the answer; several of one name count as one, joined by commas."""

    kind: Literal["header"]
    name: HeaderName
    equals: Value | None = None
    contains: Value | None = None
    matches: Pattern | None = None

    @model_validator(mode="after")
    def _compares_once(self) -> "Header":
        _one_comparison(self, ("equals", "contains", "matches"))
        return self


class Json(Demand):
    """The value at a path of the body, which is JSON."""

    kind: Literal["json"]
    path: Path
    equals: JsonValue = None
    at_least: float | int | None = None
    at_most: float | int | None = None
    matches: Pattern | None = None

    @model_validator(mode="after")
    def _compares_once(self) -> "Json":
        _one_comparison(self, ("equals", "at_least", "at_most", "matches"))
        return self


class CertificateDays(Demand):
    """The certificate is good for so many days more."""

    kind: Literal["certificate_days"]
    at_least: Annotated[int, Field(ge=0, le=3650)]


class Latency(Demand):
    """The whole answer came within so many milliseconds."""

    kind: Literal["latency"]
    at_most_ms: Annotated[int, Field(ge=1, le=600_000)]


Assertion = Annotated[
    BodyContains | BodyMatches | Header | Json | CertificateDays | Latency, Field(discriminator="kind")
]
Assertions = Annotated[tuple[Assertion, ...], Field(max_length=MOST_ASSERTIONS, strict=False)]

_READER: TypeAdapter[tuple[Any, ...]] = TypeAdapter(Assertions)


def parse_assertions(listed: list[Any]) -> tuple[Any, ...]:
    """The assertions that JSON tells; raises pydantic's ValidationError, a ValueError, for what is none."""
    return _READER.validate_python(listed)
