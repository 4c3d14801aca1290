"""What people share: believable resources, made from one number. It must not know people or HTTP."""

from datetime import date, timedelta
from typing import Any, TypeVar

Item = TypeVar("Item")

_MANNERS = (
    "Well-used",
    "Spare",
    "Grandfather's",
    "Almost new",
    "Noisy",
    "Beloved",
    "Portable",
    "Sturdy",
    "Vintage",
    "Left-handed",
    "Hardly opened",
    "Solar",
    "Foldable",
    "Waterproof",
    "Borrowed-back",
    "Annotated",
)
_THINGS = (
    ("Drill", "tool"),
    ("Ladder", "tool"),
    ("Bread Oven", "kitchen"),
    ("Telescope", "science"),
    ("Tent", "outdoor"),
    ("Kayak", "outdoor"),
    ("Sewing Machine", "tool"),
    ("Atlas of the Moon", "book"),
    ("Fermenting Crock", "kitchen"),
    ("Projector", "media"),
    ("Accordion", "music"),
    ("Cargo Bike", "transport"),
    ("Field Guide to Lichens", "book"),
    ("Workbench", "space"),
    ("Rehearsal Room", "space"),
    ("Soldering Station", "tool"),
    ("Cello", "music"),
    ("Pasta Press", "kitchen"),
    ("Chess Clock", "game"),
    ("Short Stories", "book"),
)
_MAKERS = ("", "M. Halloran", "Studio Nord", "R. Achterberg", "the reading circle", "K. Ferreira", "unknown")
_PURPOSES = ("lending", "reading", "repair evening", "course", "weekend trip", "children's hour")
_REMARKS = (
    "Comes with everything but batteries.",
    "Please return it clean.",
    "Works best before noon.",
    "A corner is chipped, the rest is fine.",
    "Ask how to start it.",
    "Fits under a bed.",
    "",
)
_DAYS_OPEN = (7, 14, 30, 90, 365)

SEARCHED = ("drill", "book", "moon", "bike", "room", "tent")


def new_resource(grain: int, contact: str, today: date) -> dict[str, Any]:
    """A resource to create, fixed by `grain` apart from the days."""
    thing, kind = _pick(_THINGS, grain, 1)
    opens = today + timedelta(days=grain % 10)
    fields = {
        "name": f"{_pick(_MANNERS, grain, 3)} {thing}",
        "author": _pick(_MAKERS, grain, 5),
        "annotation": _pick(_REMARKS, grain, 7),
        "kind": kind,
        "purpose": _pick(_PURPOSES, grain, 11),
        "open_date": opens.isoformat(),
        "expiry_date": (opens + timedelta(days=_pick(_DAYS_OPEN, grain, 13))).isoformat(),
        "usage_conditions": contact,
        "url": f"https://shelf.watchhouse.example/{kind}/{grain:08x}",
    }
    return {name: value for name, value in fields.items() if value}


def changed_fields(grain: int) -> dict[str, Any]:
    """Fields to change on a resource; never the contact, by which its owner is known."""
    thing, _ = _pick(_THINGS, grain, 1)
    changes: tuple[dict[str, Any], ...] = (
        {"annotation": _pick(_REMARKS[:-1], grain, 5)},
        {"purpose": _pick(_PURPOSES, grain, 7)},
        {"name": f"{_pick(_MANNERS, grain, 3)} {thing}", "author": _pick(_MAKERS[1:], grain, 11)},
    )
    return _pick(changes, grain, 13)


def _pick(items: tuple[Item, ...], grain: int, salt: int) -> Item:
    """One of `items`; another salt picks another way from the same grain."""
    return items[(grain * 2654435761 >> salt) % len(items)]
