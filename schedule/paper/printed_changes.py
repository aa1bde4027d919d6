"""Draw the sheet that lists changes since an earlier version."""

import datetime
import itertools
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import format_date_with_weekday
from convention.typeset import FontWeight, TaggedDocument

from .comparison import PrintedChange
from .grids.sizes import MIN_TYPE_SIZES, GridPage
from .grids.title_list import ListFlow
from .print_options import PrintOptions
from .printed_programme import PrintedProgramme
from .text_layout import (
    A4,
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    capitalize_first,
    lay_out_heading,
    lay_out_text,
)

# For the hand, 11 points: there is space on a sheet of changes.
HAND_TYPE_SIZE = 11.0


def draw_changes(programme: PrintedProgramme, options: PrintOptions, file: BinaryIO) -> int:
    """List the changes by day; return the number of pages."""
    comparison = programme.comparison
    size = HAND_TYPE_SIZE if options.distance == "hand" else MIN_TYPE_SIZES["1m"]
    language = translation.get_language() or "fr"
    assert comparison is not None
    with TaggedDocument(
        file, title=programme.title, language=language, changed_at=programme.changed_at
    ) as document:
        heading = _("Changes since: %(version)s") % {"version": comparison.version_label}
        flow = ListFlow(document, GridPage(*A4, size), heading, programme)
        flow.draw_entry([(lay_out_line(flow, programme.title, FontWeight.REGULAR), PALE_INK_COLOR)])
        for day, changes in itertools.groupby(comparison.changes, key=lambda change: change.day):
            draw_day_changes(flow, day, list(changes))
        if not comparison.changes:
            flow.draw_entry([(lay_out_line(flow, _("Nothing has changed."), FontWeight.REGULAR), INK_COLOR)])
    return document.page_count


def draw_day_changes(flow: ListFlow, day: datetime.date, changes: list[PrintedChange]) -> None:
    heading = lay_out_heading(
        capitalize_first(format_date_with_weekday(day)),
        width=flow.column_width,
        size=1.3 * flow.grid_page.type_size,
        level=2,
    )
    for index, change in enumerate(changes):
        labels = ", ".join(change.labels)
        texts = [
            (lay_out_line(flow, labels, FontWeight.SEMIBOLD), PALE_INK_COLOR),
            (lay_out_line(flow, change.title, FontWeight.BOLD), INK_COLOR),
            (lay_out_line(flow, change.sentence, FontWeight.REGULAR), INK_COLOR),
        ]
        # The day stays with its first change.
        flow.draw_entry([(heading, INK_COLOR), *texts] if index == 0 else texts)


def lay_out_line(flow: ListFlow, text: str, weight: FontWeight) -> TextBlock:
    return lay_out_text(text, weight, width=flow.column_width, size=flow.grid_page.type_size)
