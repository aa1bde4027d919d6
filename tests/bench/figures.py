"""One measured figure, and how figures are printed and kept."""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """What was measured. `floor` is in the same unit and from the same run; None where there is none.

    `at_least` and `at_most` are the targets; a figure without one is there to be read.
    """

    work: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    floor: float | None = None
    floor_work: str = ""

    @property
    def ratio(self) -> float | None:
        """How much of the floor is left: 1 would be no cost at all."""
        if not self.floor or not self.value:
            return None
        return self.value / self.floor if self.at_most is None else self.floor / self.value

    @property
    def verdict(self) -> str:
        """Reached, missed, or only read."""
        if self.at_least is None and self.at_most is None:
            return ""
        low = self.at_least is not None and self.value < self.at_least
        high = self.at_most is not None and self.value > self.at_most
        return "missed" if low or high else "reached"


def table(figures: Iterable[Figure]) -> str:
    """A Markdown table."""
    lines = [
        "| work | measured | target | | floor in the same run | of the floor |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [row(figure) for figure in figures]
    return "\n".join(lines)


def row(figure: Figure) -> str:
    """One line of the table."""
    target = ""
    if figure.at_least is not None:
        target = f"at least {number(figure.at_least)}"
    elif figure.at_most is not None:
        target = f"at most {number(figure.at_most)}"
    floor = f"{number(figure.floor)} ({figure.floor_work})" if figure.floor else ""
    ratio = f"{figure.ratio:.0%}" if figure.ratio else ""
    measured = f"{number(figure.value)} {figure.unit}"
    return f"| {figure.work} | {measured} | {target} | {figure.verdict} | {floor} | {ratio} |"


def number(value: float) -> str:
    """Three significant digits, thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def keep(figures: Iterable[Figure], path: Path) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([dataclasses.asdict(figure) for figure in figures], indent=1))
