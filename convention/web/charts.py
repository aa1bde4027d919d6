"""Charts as SVG, drawn by the server: from data to coordinates.

Templates show them with `{% curve chart %}` and `{% bars chart %}`, each with its table.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

MARGIN_TOP, MARGIN_RIGHT, MARGIN_BOTTOM, MARGIN_LEFT = 20, 16, 28, 44
# Approximate width of a label's letter.
LETTER_WIDTH = 6.5
# The two drawings of each curve, for wide and narrow screens.
HEIGHT_BY_WIDTH = {720: 240, 350: 220}


@dataclass(frozen=True)
class AxisTick:
    """A labelled position on an axis, in drawing units."""

    at: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class CurveDrawing:
    """A curve with its coordinates, for the template."""

    width: int
    height: int
    line: str
    area: str
    rows: list[AxisTick]
    columns: list[AxisTick]
    last: tuple[str, str]
    last_label: str
    base: int
    left: int
    right: int
    compared_line: str = ""


type CurvePoint = tuple[datetime.date | datetime.datetime, str, int]


@dataclass(frozen=True)
class CurveChart:
    """Values over time; points are (time, label, value). A stepped curve keeps each value until the next.

    `compared_points` are a second curve, such as that of another year, drawn behind the first on the same
    axes; `compared_unit` is its name in legend and table.
    """

    title: str
    points: Sequence[CurvePoint]
    unit: str = ""
    is_stepped: bool = False
    compared_points: Sequence[CurvePoint] = ()
    compared_unit: str = ""

    def draw_curve(self, width: int) -> CurveDrawing:
        """Return the curve in a drawing of that width (a key of HEIGHT_BY_WIDTH)."""
        height = HEIGHT_BY_WIDTH[width]
        top = round_up_axis(max((point[2] for point in self._all_points), default=0))
        positions = self._place_points(self.points, top, width)
        xs = [x for x, _y in positions]
        line = self._join_places(positions)
        compared = self._place_points(self.compared_points, top, width)
        base = height - MARGIN_BOTTOM
        return CurveDrawing(
            width=width,
            height=height,
            line=f"M{line}" if positions else "",
            area=f"M{xs[0]:.1f} {base}L{line}L{xs[-1]:.1f} {base}Z" if positions else "",
            rows=[
                AxisTick(f"{self._y_position(value, top, height):.1f}", f"{value}")
                for value in (0, top // 2, top)
            ],
            columns=self._x_labels(width, 5 if width > 500 else 3),
            last=(f"{xs[-1]:.1f}", f"{positions[-1][1]:.1f}") if positions else ("0", "0"),
            last_label=str(self.points[-1][2]) if positions else "",
            base=base,
            left=MARGIN_LEFT,
            right=width - MARGIN_RIGHT,
            compared_line=f"M{self._join_places(compared)}" if compared else "",
        )

    @property
    def _all_points(self) -> list[CurvePoint]:
        return [*self.points, *self.compared_points]

    @property
    def table_rows(self) -> list[tuple[str, int | None, int | None]]:
        """Return label, value and compared value of each moment; None where a curve has no point."""
        values, compared = (
            {point[0]: point[2] for point in points} for points in (self.points, self.compared_points)
        )
        labels = {point[0]: point[1] for point in self._all_points}
        return [(labels[at], values.get(at), compared.get(at)) for at in sorted(labels)]

    def _place_points(self, points: Sequence[CurvePoint], top: int, width: int) -> list[tuple[float, float]]:
        """Return the position of each point, on axes that both curves share."""
        height = HEIGHT_BY_WIDTH[width]
        return [
            (x, self._y_position(point[2], top, height))
            for x, point in zip(self._x_positions(points, width), points, strict=True)
        ]

    def _join_places(self, positions: list[tuple[float, float]]) -> str:
        corners = make_step_corners(positions) if self.is_stepped else positions
        return "L".join(f"{x:.1f} {y:.1f}" for x, y in corners)

    def _x_positions(self, points: Sequence[CurvePoint], width: int) -> list[float]:
        """Return the x of each point, proportional to time."""
        moments = [point[0] for point in self._all_points]
        first, last = min(moments, default=None), max(moments, default=None)
        # One moment has no duration to divide by.
        if first is None or last is None or first == last:
            return [float(MARGIN_LEFT)] * len(points)
        duration = seconds_between(first, last)
        plot_width = width - MARGIN_LEFT - MARGIN_RIGHT
        return [MARGIN_LEFT + plot_width * seconds_between(first, point[0]) / duration for point in points]

    def _y_position(self, value: int, top: int, height: int) -> float:
        return height - MARGIN_BOTTOM - (height - MARGIN_TOP - MARGIN_BOTTOM) * value / top

    def _x_labels(self, width: int, count: int) -> list[AxisTick]:
        """Return up to `count` labels that do not overlap, first and last included."""
        points = sorted({point[0]: point for point in self._all_points}.values(), key=lambda point: point[0])
        xs = self._x_positions(points, width)
        if not xs:
            return []
        target_xs = [xs[0] + (xs[-1] - xs[0]) * step / (count - 1) for step in range(count)]
        # The first and last labels always fit; others only where they do not touch their neighbours.
        nearest = sorted({min((abs(value - x), i) for i, value in enumerate(xs))[1] for x in target_xs})
        end_anchors = {0: "start", len(xs) - 1: "end"}
        half_widths = [len(label) * LETTER_WIDTH / 2 for _at, label, _value in points]
        label_end, limit = xs[0] + 2 * half_widths[0], xs[-1] - 2 * half_widths[-1]
        labels = [0]
        for i in nearest:
            if (
                i not in end_anchors
                and xs[i] - half_widths[i] > label_end + LETTER_WIDTH
                and xs[i] + half_widths[i] < limit - LETTER_WIDTH
            ):
                label_end = xs[i] + half_widths[i]
                labels.append(i)
        labels += [len(xs) - 1] if xs[-1] > xs[0] else []
        return [AxisTick(f"{xs[i]:.1f}", points[i][1], end_anchors.get(i, "middle")) for i in labels]


@dataclass(frozen=True)
class ChartBar:
    """One row: label, value, maximum (if any), and the page that it opens."""

    label: str
    value: int
    maximum: int | None = None
    url: str = ""


@dataclass(frozen=True)
class BarChart:
    """Horizontal bars on one scale, or each as a share of its own maximum."""

    title: str
    rows: Sequence[ChartBar]
    label_heading: str
    value_heading: str

    @property
    def scale(self) -> int:
        """Return the value of a full bar for rows without maximum."""
        return max((row.value for row in self.rows), default=0) or 1

    def bar_widths(self) -> list[tuple[ChartBar, str]]:
        """Return each row with the width of its bar in percent."""
        return [
            (row, f"{100 * min(1.0, row.value / (row.maximum or self.scale)):.1f}" if row.value else "0")
            for row in self.rows
        ]


def seconds_between(start: datetime.date, end: datetime.date) -> float:
    """Return the seconds between two dates, or two aware times."""
    return (end - start).total_seconds()


def round_up_axis(value: int) -> int:
    """Return the next round even number, for the top of an axis: 2, 4, 6, 10, 20, 40, 60, 100."""
    size = 1
    while True:
        for step in (2, 4, 6, 10):
            if value <= step * size:
                return step * size
        size *= 10


def make_step_corners(positions: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of a stepped line."""
    corners = [corner for (_x, y), (x2, y2) in pairwise(positions) for corner in ((x2, y), (x2, y2))]
    return positions[:1] + corners


def thin_points[T](points: Sequence[T], max_points: int) -> list[T]:
    """Return at most `max_points` of the points, first and last included."""
    if len(points) <= max_points:
        return list(points)
    step = (len(points) - 1) / (max_points - 1)
    return [points[round(i * step)] for i in range(max_points)]
