"""Amounts as counts in logarithmic bins: each lies within 1 % of its bin's value, and counts of equal bins are added.

The very arithmetic of `sketch_bin` and `sketch_value` in sql/functions.sql, so that sketches made here and there are
one. It must not know what is measured.
"""

import math

RELATIVE_ERROR = 0.01
LOWEST = 0.001  # smaller amounts count as this
LOG_GAMMA = 0.020000666706669543  # of (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)


def bin_of(amount: float) -> int:
    """The bin that an amount falls into."""
    return math.ceil(math.log(amount if amount > LOWEST else LOWEST) / LOG_GAMMA)


def value_of(place: int) -> float:
    """What stands for all amounts of a bin."""
    return math.exp(place * LOG_GAMMA) * (1 - RELATIVE_ERROR)
