"""A measured figure beside its bar."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`value` in `unit`, which must be at least or at most `bar`."""

    name: str
    value: float
    bar: float
    unit: str = "x"
    is_floor: bool = True

    @property
    def holds(self) -> bool:
        """Whether the bar is reached."""
        return self.value >= self.bar if self.is_floor else self.value <= self.bar

    def __str__(self) -> str:
        sign = ">=" if self.is_floor else "<="
        verdict = "ok  " if self.holds else "MISS"
        return f"{verdict} {self.name:<70} {self.value:8.2f} {self.unit:<3} (bar {sign} {self.bar:g})"


def at_least(name: str, value: float, bar: float, unit: str = "x") -> Figure:
    """A figure that should be high."""
    return Figure(name, value, bar, unit)


def at_most(name: str, value: float, bar: float, unit: str = "x") -> Figure:
    """A figure that should be low."""
    return Figure(name, value, bar, unit, is_floor=False)
