"""Draw the file of a print."""

from typing import BinaryIO, Final

from django.utils.translation import override

from convention.events.models import Event
from schedule.paper.booklet import count_booklet_pages
from schedule.paper.comparison import Comparison
from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import PrintOptions
from schedule.paper.printed_programme import load_printed_programme
from schedule.paper.sheet_kinds import SHEET_KINDS

from .comparison import load_comparison

# Kind of a stored print without a file, which has the page counts of the booklet by depth.
PAGE_COUNTS_KIND: Final = "depths"


def count_pages_by_depth(event: Event) -> dict[str, int]:
    """Return how many pages the booklet has in each depth."""
    programme = load_printed_programme(event)
    return {depth: count_booklet_pages(programme, depth) for depth in SHEET_KINDS["booklet"].depths}


def load_comparison_for(event: Event, options: PrintOptions) -> Comparison | None:
    """Return the changes since the version of the options; None if they have none."""
    if options.since is None:
        return None
    return load_comparison(event, options.since, audience=options.audience)


def write_print(event: Event, options: PrintOptions, file: BinaryIO) -> int:
    """Write the PDF and return its number of pages."""
    with override(options.language):
        comparison = load_comparison_for(event, options)
    _programme, page_count = print_sheets(event, file=file, options=options, comparison=comparison)
    return page_count
