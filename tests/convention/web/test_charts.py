import datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from convention.web.charts import (
    BarChart,
    ChartBar,
    CurveChart,
    make_step_corners,
    round_up_axis,
    thin_points,
)


def make_curve(*values: int, days_apart: int = 1, **options) -> CurveChart:
    first = datetime.date(2027, 1, 1)
    days = [first + datetime.timedelta(days=days_apart * number) for number in range(len(values))]
    return CurveChart(
        "Title", [(day, str(day), value) for day, value in zip(days, values, strict=True)], **options
    )


def test_axis_ends_at_next_even_round_number():
    assert [round_up_axis(value) for value in (0, 1, 2, 3, 5, 9, 11, 55, 601)] == [
        2,
        2,
        2,
        4,
        6,
        10,
        20,
        60,
        1000,
    ]


@given(st.integers(0, 10**9))
def test_axis_includes_value_and_is_even(value):
    assert round_up_axis(value) >= value
    assert round_up_axis(value) % 2 == 0


@given(st.lists(st.integers(0, 100_000), max_size=60), st.sampled_from([350, 720]), st.booleans())
def test_curve_is_drawn_inside_chart(values, width, is_stepped):
    drawing = make_curve(*values, is_stepped=is_stepped).draw_curve(width)
    places = [pair.split() for pair in drawing.line.removeprefix("M").split("L") if pair]

    assert all(drawing.left - 0.1 <= float(x) <= drawing.right + 0.1 for x, _y in places)
    assert all(0 <= float(y) <= drawing.base + 0.1 for _x, y in places)

    at = [float(column.at) for column in drawing.columns]

    assert at == sorted(set(at))


@given(st.lists(st.integers(0, 100), min_size=2, max_size=40), st.sampled_from([350, 720]))
def test_labels_never_overlap(days, width):
    first = datetime.date(2027, 9, 1)
    points = [(first + datetime.timedelta(days=day), "28 septembre 2027", day) for day in sorted(days)]
    wide, spans = 17 * 6.5, []

    for column in CurveChart("", points).draw_curve(width).columns:
        left = float(column.at) - {"start": 0, "middle": wide / 2, "end": wide}[column.anchor]
        spans.append((left, left + wide))

    assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_points_are_positioned_by_time():
    points = [(datetime.date(2027, 1, day), "", 0) for day in (1, 2, 11)]
    drawing = CurveChart("", points).draw_curve(720)

    xs = [float(pair.split()[0]) for pair in drawing.line.removeprefix("M").split("L")]

    assert xs[0] == drawing.left
    assert xs[2] == drawing.right
    assert round((xs[1] - xs[0]) / (xs[2] - xs[0]), 2) == 0.1


def test_steps_extend_to_next_point():
    assert make_step_corners([(0, 5), (10, 3)]) == [(0, 5), (10, 5), (10, 3)]


def test_thinning_keeps_both_ends():
    assert thin_points(list(range(1000)), 5) == [0, 250, 500, 749, 999]
    assert thin_points([1, 2], 5) == [1, 2]


def test_bars_share_a_scale_or_show_share_of_capacity():
    rows = [
        ChartBar("a", 10),
        ChartBar("b", 5),
        ChartBar("c", 0),
        ChartBar("d", 5, 20),
        ChartBar("e", 30, 20),
    ]

    assert [width for _row, width in BarChart("", rows, "", "").bar_widths()] == [
        "33.3",
        "16.7",
        "0",
        "25.0",
        "100.0",
    ]
    assert BarChart("", [], "", "").bar_widths() == []
