"""What was typed into the fields of a form, made what the API expects; all else is left for the API to refuse."""

from collections.abc import Iterable


def number_or_text(typed: str) -> int | str:
    """The number that a field holds."""
    stripped = typed.strip()
    return int(stripped) if stripped.removeprefix("-").isdecimal() and len(stripped) < 20 else stripped


def numbers_or_texts(typed: Iterable[str]) -> list[int | str]:
    """The same, of several."""
    return [number_or_text(one) for one in typed]


def text_of(typed: str) -> str:
    """What stands in an area, with the line ends that all else has."""
    return typed.replace("\r\n", "\n").strip()
