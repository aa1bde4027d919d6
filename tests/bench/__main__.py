"""`python -m tests.bench [ROW ...]`: measure, print a table, save it as JSON in var/bench.json.

`make bench` gives it a separate PostgreSQL by DATABASE_URL. If all rows are measured, docs/figures.md is
written too.
"""

import argparse
import importlib
import os
from pathlib import Path

from tests.bench.figures import Figure, publish, row, save_figures, table
from tests.bench.site import ROOT, Site, site

ROWS = [
    "machine",
    "pages",
    "lists",
    "rush",
    "companies",
    "printing",
    "camera",
    "phone",
    "scans",
    "embedded",
    "planner",
    "board",
    "publication",
    "mailing",
]


def main() -> None:
    """Measure the named rows, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"which rows to measure, of {', '.join(ROWS)}")
    parser.add_argument("--output", type=Path, default=ROOT / "var" / "bench.json")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with site(os.environ["DATABASE_URL"]) as made:
        figures = list(measure(made, options.rows or ROWS))
    print("\n" + table(figures))
    save_figures(figures, options.output)
    if not options.rows:
        publish(figures, ROOT / "docs" / "figures.md", load=load)


def measure(made: Site, rows: list[str]) -> list[Figure]:
    """Run each row's module and print figures as they come."""
    figures = []
    for name in rows:
        for figure in importlib.import_module(f"tests.bench.{name}").figures(made):
            print(row(figure), flush=True)
            figures.append(figure)
    return figures


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
