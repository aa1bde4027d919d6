"""The benchmark: verdicts on figures, the page that it writes, and the scans that it inserts."""

import pytest
from django.db import connection

from badges.attendance.models import Presence, Scan
from tests.badges.attendance.factories import make_device, make_event, make_registration
from tests.bench.figures import Figure, publish, row
from tests.bench.million import list_statements


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("a", 100, "/s", at_least=100), "reached"),
        (Figure("a", 99, "/s", at_least=100), "missed"),
        (Figure("a", 101, "ms", at_most=100), "missed"),
        (Figure("a", 499, "", at_least=500, at_most=500), "missed"),
        (Figure("a", 30, "/s", at_least=10, floor=90, of_floor=1 / 3), "reached"),
        (
            Figure("a", 29, "/s", at_least=10, floor=90, of_floor=1 / 3),
            "reached, the share of the floor missed",
        ),
        (Figure("a", 9, "/s", at_least=10, floor=90, of_floor=1 / 3), "missed"),
        (Figure("a", 9, "/s"), ""),
    ],
)
def test_verdict_compares_a_figure_with_its_limits_and_floor(figure, verdict):
    assert figure.verdict == verdict


def test_row_formats_a_figure_as_a_table_row():
    figure = Figure("orders", 856.4, "/s", at_least=600, floor=3722, floor_work="bare", of_floor=1 / 3)
    assert row(figure) == (
        "| orders | 856 /s | at least 600 | reached, the share of the floor missed | 3,722 (bare)"
        " | 23% (wanted: 33%) |"
    )


def test_missed_figures_are_listed_with_their_reason(tmp_path):
    path = tmp_path / "figures.md"
    good = Figure("pages", 500, "/s", at_least=400, why="never told")
    publish([good, Figure("orders", 1, "/s", at_least=2, why="the disk is slow.")], path, load=0.25)

    text = path.read_text()

    assert text.endswith("\n## What was missed, and why\n\n- **orders**: the disk is slow.\n")
    assert "before it began, 0.2 other programs were running" in text


def test_page_without_missed_figures_lists_no_reasons(tmp_path):
    path = tmp_path / "figures.md"
    publish([Figure("pages", 500, "/s", at_least=400)], path, load=0)

    assert path.read_text().endswith("\n| pages | 500 /s | at least 400 | reached |  |  |\n")


@pytest.mark.django_db
def test_scan_statements_match_the_tables():
    event = make_event(slug="large")
    make_device(event)
    for _one in range(3):
        make_registration(event)

    with connection.cursor() as cursor:
        for statement in list_statements(250, on_postgresql=connection.vendor == "postgresql"):
            cursor.execute(statement)

    assert Scan.objects.count() == Presence.objects.count() == 250
