"""Pictures of numbers, drawn as SVG by the server: plain data in, coordinates out.

Templates show them with `{% curve chart %}` and `{% bars chart %}`; each has its table behind it.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

TOP, RIGHT, BOTTOM, LEFT = 20, 16, 28, 44
LETTER = 6.5
"""What a letter of a label takes of the width, about."""
ASPECT = {720: 240, 350: 220}


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis, in drawing units."""

    at: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Drawing:
    """A curve with its coordinates, ready for the template."""

    width: int
    height: int
    line: str
    area: str
    rows: list[Tick]
    columns: list[Tick]
    last: tuple[str, str]
    last_label: str
    base: int
    left: int
    right: int


@dataclass(frozen=True)
class Curve:
    """Values over time: points in order of time, each (moment, label, value); steps hold until the next."""

    title: str
    points: Sequence[tuple[datetime.date | datetime.datetime, str, int]]
    unit: str = ""
    is_stepped: bool = False

    @property
    def highest(self) -> tuple[str, int]:
        """Label and value of the highest point."""
        _at, label, value = max(self.points, key=lambda point: point[2])
        return label, value

    def draw(self, width: int) -> Drawing:
        """Place everything in a drawing of that width."""
        height = ASPECT[width]
        top = round_up(max((value for _at, _label, value in self.points), default=0))
        xs, ys = self._xs(width), [self._y(value, top, height) for _at, _label, value in self.points]
        places = list(zip(xs, ys, strict=True))
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in (stepped(places) if self.is_stepped else places))
        base = height - BOTTOM
        return Drawing(
            width=width,
            height=height,
            line=f"M{line}" if places else "",
            area=f"M{xs[0]:.1f} {base}L{line}L{xs[-1]:.1f} {base}Z" if places else "",
            rows=[Tick(f"{self._y(value, top, height):.1f}", f"{value}") for value in (0, top // 2, top)],
            columns=self._columns(xs, 5 if width > 500 else 3),
            last=(f"{xs[-1]:.1f}", f"{ys[-1]:.1f}") if places else ("0", "0"),
            last_label=str(self.points[-1][2]) if places else "",
            base=base,
            left=LEFT,
            right=width - RIGHT,
        )

    def _xs(self, width: int) -> list[float]:
        """Across by time, from the first moment to the last."""
        moments = [point[0] for point in self.points]
        if len(moments) < 2 or moments[0] == moments[-1]:
            return [float(LEFT)] * len(moments)
        whole = seconds_between(moments[0], moments[-1])
        room = width - LEFT - RIGHT
        return [LEFT + room * seconds_between(moments[0], moment) / whole for moment in moments]

    def _y(self, value: int, top: int, height: int) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * value / top

    def _columns(self, xs: list[float], count: int) -> list[Tick]:
        """A few labels below, the first and last among them, none upon another."""
        if not xs:
            return []
        wanted = [xs[0] + (xs[-1] - xs[0]) * step / (count - 1) for step in range(count)]
        nearest = sorted({min((abs(value - x), i) for i, value in enumerate(xs))[1] for x in wanted})
        ends = {0: "start", len(xs) - 1: "end"}
        half = [len(label) * LETTER / 2 for _at, label, _value in self.points]
        free, limit = xs[0] + 2 * half[0], xs[-1] - 2 * half[-1]
        kept = [0]
        for i in nearest:
            if i not in ends and xs[i] - half[i] > free + LETTER and xs[i] + half[i] < limit - LETTER:
                free = xs[i] + half[i]
                kept.append(i)
        kept += [len(xs) - 1] if xs[-1] > xs[0] else []
        return [Tick(f"{xs[i]:.1f}", self.points[i][1], ends.get(i, "middle")) for i in kept]


@dataclass(frozen=True)
class Bar:
    """One row: a label, a value, what would be full (if anything), and the list that it opens."""

    label: str
    value: int
    maximum: int | None = None
    url: str = ""


@dataclass(frozen=True)
class Bars:
    """Horizontal bars on one scale; with maxima each row shows how full it is instead."""

    title: str
    rows: Sequence[Bar]
    label_heading: str
    value_heading: str

    @property
    def scale(self) -> int:
        """The value of a whole bar where rows have no maximum of their own."""
        return max((row.value for row in self.rows), default=0) or 1

    def drawn(self) -> list[tuple[Bar, str]]:
        """Each row with the width of its bar, in percent."""
        return [
            (row, f"{100 * min(1.0, row.value / (row.maximum or self.scale)):.1f}" if row.value else "0")
            for row in self.rows
        ]


def seconds_between(start: datetime.date, end: datetime.date) -> float:
    """Both dates, or both moments with a zone."""
    return (end - start).total_seconds()


def round_up(value: int) -> int:
    """The next even round number, for the top of an axis: 1, 2, 4, 6, 10, 20, 40, 60, 100."""
    size = 1
    while True:
        for step in (2, 4, 6, 10):
            if value <= step * size:
                return step * size
        size *= 10


def stepped(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of a line that keeps each value until the next moment."""
    corners = [corner for (_x, y), (x2, y2) in pairwise(places) for corner in ((x2, y), (x2, y2))]
    return places[:1] + corners


def thinned[T](points: Sequence[T], most: int) -> list[T]:
    """At most that many of the points, first and last kept, for curves over thousands."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(i * step)] for i in range(most)]
