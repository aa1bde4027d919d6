"""The same on SQLite: orders, the organizer's lists, scans and their numbers."""

import dataclasses
import tempfile
from collections.abc import Iterator

from tests.bench import companies, lists, rush, scans
from tests.bench.figures import Figure
from tests.bench.site import Site
from tests.bench.site import site as site_on


def figures(_site: Site) -> Iterator[Figure]:
    """Measure on a separate site whose database is a file."""
    with (
        tempfile.TemporaryDirectory(prefix="convention-bench-") as folder,
        site_on(f"sqlite:///{folder}/bench.sqlite3") as embedded,
    ):
        for figure in measure_embedded(embedded):
            yield dataclasses.replace(figure, work=f"{figure.work}, SQLite")


def measure_embedded(embedded: Site) -> Iterator[Figure]:
    yield from rush.figures(embedded)
    yield from companies.figures(embedded)
    yield from lists.figures(embedded)
    yield from scans.figures(embedded)
