"""The caterer's sheet: meals with numbers by diet, on A4."""

import io

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.events.cancellations import format_printed_title
from convention.events.models import Event
from convention.text.dates import format_date_range, format_datetime
from convention.text.punctuation import join_items
from convention.typeset import FontWeight, PdfDocument, PdfPage, shape_line
from schedule.paper.text_layout import A4, HAIRLINE_COLOR, INK_COLOR, PALE_INK_COLOR, lay_out_text

from .meals import MealCount, count_meals

PAGE_WIDTH, PAGE_HEIGHT = A4
SIDE_MARGIN, TOP_MARGIN, BOTTOM_LIMIT = 50.0, 50.0, PAGE_HEIGHT - 60.0
COLUMN_WIDTH = PAGE_WIDTH - 2 * SIDE_MARGIN


def render_meals_pdf(event: Event) -> bytes:
    """Return the PDF in the current language."""
    file = io.BytesIO()
    title = _("For the caterer: %(event)s") % {"event": event.title}
    with PdfDocument(file, title=title, language=translation.get_language() or "fr") as document:
        sheet = _CatererSheet(document, event)
        for meal in count_meals(event):
            sheet.draw_meal(meal)
    return file.getvalue()


class _CatererSheet:
    """The sheet being drawn; `y` is the current position on its current page."""

    def __init__(self, document: PdfDocument, event: Event) -> None:
        self.document, self.event = document, event
        self.page = self._start_page()
        self.y = TOP_MARGIN
        for text, weight, size, color in (
            (format_printed_title(event), FontWeight.BOLD, 20, INK_COLOR),
            (_("For the caterer"), FontWeight.SEMIBOLD, 13, INK_COLOR),
            (self._describe_event(), FontWeight.REGULAR, 9.5, PALE_INK_COLOR),
        ):
            self.page.set_color(color)
            self.y = (
                lay_out_text(text, weight, width=COLUMN_WIDTH, size=size).draw(self.page, SIDE_MARGIN, self.y)
                + 3
            )
        self.y += 12

    def _describe_event(self) -> str:
        zone = self.event.zone
        days = format_date_range(self.event.starts_at, self.event.ends_at, zone)
        place = str(self.event.venue or "")
        return " · ".join(part for part in (days, place) if part)

    def _start_page(self) -> PdfPage:
        page = self.page = self.document.begin_page(PAGE_WIDTH, PAGE_HEIGHT)
        self.y = TOP_MARGIN
        page.set_color(PALE_INK_COLOR)
        now = format_datetime(timezone.now().astimezone(self.event.zone))
        footer = _("Totals only, as of %(moment)s. Attendees with two diets are counted in both.") % {
            "moment": now
        }
        page.text(shape_line(footer, FontWeight.REGULAR), SIDE_MARGIN, PAGE_HEIGHT - 34, 8)
        return page

    def draw_meal(self, meal: MealCount) -> None:
        """Draw a heading with the number of people, and a row for each diet with a number above zero."""
        # Enough for the heading and one row: a heading must not end a page.
        self._ensure_space(60)
        self._draw_row(meal.title, str(meal.eater_count), FontWeight.BOLD, 13)
        self.page.draw_rule(
            (SIDE_MARGIN, self.y), (PAGE_WIDTH - SIDE_MARGIN, self.y), color=INK_COLOR, stroke=0.9
        )
        self.y += 5
        for name, number in [*meal.diet_counts, (_("no diet specified"), meal.no_diet_count)]:
            if number:
                self._ensure_space(18)
                self._draw_row(name, str(number), FontWeight.REGULAR, 11)
        if meal.note_counts:
            notes = join_items(
                f"{text} ({number})" if number > 1 else text for text, number in meal.note_counts
            )
            text = lay_out_text(
                _("Additional notes: %(notes)s") % {"notes": notes},
                FontWeight.REGULAR,
                width=COLUMN_WIDTH,
                size=9.5,
            )
            self._ensure_space(text.height + 6)
            self.page.set_color(PALE_INK_COLOR)
            self.y = text.draw(self.page, SIDE_MARGIN, self.y + 4)
        self.y += 20

    def _ensure_space(self, height: float) -> None:
        if self.y + height > BOTTOM_LIMIT:
            self._start_page()

    def _draw_row(self, name: str, number: str, weight: FontWeight, size: float) -> None:
        self.page.set_color(INK_COLOR)
        text = lay_out_text(name, weight, width=COLUMN_WIDTH - 60, size=size)
        self.page.text(
            shape_line(number, weight), PAGE_WIDTH - SIDE_MARGIN, self.y + size * 0.95, size, align="right"
        )
        self.y = text.draw(self.page, SIDE_MARGIN, self.y) + 4
        self.page.draw_rule(
            (SIDE_MARGIN, self.y - 1),
            (PAGE_WIDTH - SIDE_MARGIN, self.y - 1),
            color=HAIRLINE_COLOR,
            stroke=0.4,
        )
