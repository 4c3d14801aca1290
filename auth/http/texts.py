"""Texts as requests tell them."""

from pydantic import AfterValidator


def _check_line(text: str) -> str:
    """Names and titles stand in subjects of mails and in labels, where a line break would begin something else."""
    if not text.isprintable() or text != text.strip():
        raise ValueError("must be one line, without spaces around it")
    return text


OneLine = AfterValidator(_check_line)
