"""How figures are written: two decimals, cut, not rounded."""

from typing import Annotated

from pydantic import AfterValidator


def round_down(value: float) -> float:
    """Two decimals, cut: an uptime of 99.999 % is not 100 %."""
    return int(value * 100 + 1e-7) / 100


Figure = Annotated[float, AfterValidator(round_down)]
