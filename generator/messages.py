"""What goes to the service and what comes back: a request, an answer, and how far a request got.

It must not know people, nor what a request is for.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any


class Reach(Enum):
    """How far a request got."""

    ANSWERED = auto()
    NOT_SENT = auto()
    LOST = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request; a repeat of it is the same object, so it carries the same Idempotency-Key.

    `template`: how the service spells the route of a path that has a part which varies.
    """

    method: str
    path: str
    body: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    template: str = ""

    @property
    def route(self) -> tuple[str, str]:
        """Method and route, by which the service's analytics know it."""
        return self.method, self.template or self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `status` and the rest only count when it was answered."""

    reach: Reach
    status: int = 0
    data: Any = None
    retry_after: float | None = None


def is_doubtful(answer: Answer) -> bool:
    """Whether the service may have done it although it did not say so: no answer, or one of its own faults."""
    return answer.reach is Reach.LOST or (answer.reach is Reach.ANSWERED and not is_refusal(answer.status))


def is_refusal(status: int) -> bool:
    """Whether the service says that the request was at fault, so that it has done nothing."""
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
