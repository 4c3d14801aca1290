"""The ways in which people use the house. It must not know of anybody in particular."""

from dataclasses import dataclass

from generator.actions import Kind


@dataclass(frozen=True)
class Persona:
    """A way of using the house: how often each kind of action comes, relative to the others."""

    name: str
    share: float
    weights: dict[Kind, float]


# A reader is a student at heart, who reads what the courses ask for; a teacher borrows much and renews. Only their
# habits tell them apart: the house gives everybody who registers the terms of a student.
PERSONAS = (
    Persona(
        "reader",
        0.45,
        {
            Kind.READ: 50,
            Kind.CREATE: 7,
            Kind.UPDATE: 6,
            Kind.DELETE: 3,
            Kind.VERIFY: 5,
            Kind.VISIT: 5,
            Kind.FORBIDDEN_UPDATE: 1,
            Kind.WRONG_PASSWORD: 1,
            Kind.BROWSE: 4,
            Kind.SEARCH: 10,
            Kind.VIEW: 10,
            Kind.BORROW: 14,
            Kind.RETURN: 13,
            Kind.RENEW: 2,
            Kind.RESERVE: 2,
            Kind.CANCEL: 0.5,
            Kind.LOANS: 2,
        },
    ),
    Persona(
        "teacher",
        0.15,
        {
            Kind.READ: 30,
            Kind.CREATE: 10,
            Kind.UPDATE: 8,
            Kind.DELETE: 3,
            Kind.VERIFY: 3,
            Kind.VISIT: 2,
            Kind.FORBIDDEN_UPDATE: 1,
            Kind.WRONG_PASSWORD: 0.5,
            Kind.BROWSE: 3,
            Kind.SEARCH: 16,
            Kind.VIEW: 12,
            Kind.BORROW: 18,
            Kind.RETURN: 15,
            Kind.RENEW: 8,
            Kind.RESERVE: 4,
            Kind.CANCEL: 1,
            Kind.LOANS: 4,
        },
    ),
    Persona(
        "curator",
        0.25,
        {
            Kind.READ: 36,
            Kind.CREATE: 26,
            Kind.UPDATE: 24,
            Kind.DELETE: 7,
            Kind.VERIFY: 3,
            Kind.VISIT: 2,
            Kind.FORBIDDEN_UPDATE: 1.5,
            Kind.WRONG_PASSWORD: 0.5,
            Kind.SEARCH: 7,
            Kind.VIEW: 6,
            Kind.BORROW: 9,
            Kind.RETURN: 8,
            Kind.RESERVE: 1,
            Kind.LOANS: 1,
        },
    ),
    Persona(
        "tidier",
        0.15,
        {
            Kind.READ: 42,
            Kind.CREATE: 14,
            Kind.UPDATE: 18,
            Kind.DELETE: 18,
            Kind.VERIFY: 3,
            Kind.VISIT: 2,
            Kind.FORBIDDEN_UPDATE: 2,
            Kind.WRONG_PASSWORD: 1,
            Kind.SEARCH: 6,
            Kind.VIEW: 5,
            Kind.BORROW: 9,
            Kind.RETURN: 10,
            Kind.RESERVE: 1,
            Kind.LOANS: 1,
        },
    ),
)
