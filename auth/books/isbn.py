"""The number of a book: ISBN-10 or ISBN-13, whose last digit checks the others. Pure."""

import re

SEPARATORS = re.compile(r"[\s‐-―-]+")
FORM = re.compile(r"[0-9]{9}[0-9X]|[0-9]{13}")


def read_isbn(text: str) -> str | None:
    """The number without dashes and blanks; None for what is none."""
    number = SEPARATORS.sub("", text).upper()
    if not FORM.fullmatch(number):
        return None
    digits = [10 if sign == "X" else int(sign) for sign in number]
    if len(digits) == 10:
        total, divisor = sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)), 11
    else:
        total, divisor = sum(digits[0::2]) + 3 * sum(digits[1::2]), 10
    return number if total % divisor == 0 else None
