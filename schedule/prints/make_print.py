"""Draw the file of a print."""

from typing import BinaryIO

from convention.events.models import Event
from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import PrintOptions


def write_print(event: Event, options: PrintOptions, file: BinaryIO) -> int:
    """Write the PDF and return its number of pages."""
    _programme, page_count = print_sheets(event, file=file, options=options)
    return page_count
