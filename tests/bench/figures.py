"""One measured figure; print and save figures."""

import dataclasses
import datetime
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

NOT_SAID = "Not analysed yet."
# The comparison was measured by hand; replace it when both versions are measured on another machine.
PAGE = """# Figures

`make bench` (`tests/bench/`) writes this page: do not edit it, run it again. Measured on {day} with {cores}
cores, on PostgreSQL with fsync unless a row says SQLite, with the load driver on the same machine; {load}.
Absolute figures vary from run to run. Compare the share of the floor: the floor is what the same machine did
in the same run without this product.

The targets were set on a faster machine. There the version of 26 November 2026 (commit 11824c79) answered 798
scans, stored 6,034 scans in batches and booked 728 orders a second; on a machine of 30 November the same
commit managed 436, 2,499 and 357 in an otherwise quiet hour. The first row tells how fast this machine is.

{table}
{reasons}"""
REASONS = """
## What was missed, and why

{reasons}
"""


@dataclass(frozen=True)
class Figure:
    """A measured value. `floor` is in the same unit and from the same run, or None.

    `at_least` and `at_most` are targets, `of_floor` is the wanted share of the floor; a figure without any is
    only informative. `why` explains what limits it and is printed if the target is missed.
    """

    work: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    floor: float | None = None
    floor_work: str = ""
    of_floor: float | None = None
    why: str = ""

    @property
    def ratio(self) -> float | None:
        """Return the value as a share of the floor: 1 means no overhead at all."""
        if not self.floor or not self.value:
            return None
        return self.value / self.floor if self.at_most is None else self.floor / self.value

    @property
    def verdict(self) -> str:
        """Return whether the target was reached or missed."""
        if self.at_least is None and self.at_most is None:
            return ""
        low = self.at_least is not None and self.value < self.at_least
        high = self.at_most is not None and self.value > self.at_most
        if low or high:
            return "missed"
        is_short = self.of_floor is not None and (self.ratio or 0) < self.of_floor
        return "reached, the share of the floor missed" if is_short else "reached"


def table(figures: Iterable[Figure]) -> str:
    """Return a Markdown table."""
    lines = [
        "| work | measured | target | verdict | floor in the same run | of the floor |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [row(figure) for figure in figures]
    return "\n".join(lines)


def row(figure: Figure) -> str:
    """Return one line of the table."""
    floor = f"{number(figure.floor)} ({figure.floor_work})" if figure.floor else ""
    share = f"{figure.ratio:.0%}" if figure.ratio else ""
    if figure.of_floor:
        share += f" (wanted: {figure.of_floor:.0%})"
    measured = f"{number(figure.value)} {figure.unit}".strip()
    return f"| {figure.work} | {measured} | {target(figure)} | {figure.verdict} | {floor} | {share} |"


def target(figure: Figure) -> str:
    """Return the target in words."""
    if figure.at_least is not None and figure.at_least == figure.at_most:
        return f"exactly {number(figure.at_least)}"
    if figure.at_least is not None:
        return f"at least {number(figure.at_least)}"
    return "" if figure.at_most is None else f"at most {number(figure.at_most)}"


def number(value: float) -> str:
    """Return three significant digits, with thousands separators."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def save_figures(figures: Iterable[Figure], path: Path) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([dataclasses.asdict(figure) for figure in figures], indent=1))


def publish(figures: list[Figure], path: Path, *, load: float) -> None:
    """Write docs/figures.md; `load` is the number of other busy processes."""
    missed = [figure for figure in figures if "missed" in figure.verdict]
    reasons = "\n".join(f"- **{figure.work}**: {figure.why or NOT_SAID}" for figure in missed)
    said = f"before it began, {load:.1f} other programs were running on average"
    page = PAGE.format(
        day=datetime.datetime.now(datetime.UTC).date(),
        cores=f"{os.cpu_count()} {platform.machine()}",
        load=said,
        table=table(figures),
        reasons=REASONS.format(reasons=reasons) if missed else "",
    )
    path.write_text(page)
