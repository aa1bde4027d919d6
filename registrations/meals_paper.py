"""The caterer's sheet: each meal with its numbers by diet, on one page of A4 as far as one holds them."""

import io

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.dates import say_days, say_moment
from convention.events.called_off import printed_title
from convention.events.models import Event
from convention.typeset import Document, Page, Weight, shape
from schedule.paper.setting import A4, HAIRLINE, INK, PALE, set_text

from .meals import Meal, meals_of

WIDTH, HEIGHT = A4
SIDE, TOP, FOOT = 50.0, 50.0, HEIGHT - 60.0
COLUMN = WIDTH - 2 * SIDE


def to_pdf(event: Event) -> bytes:
    """The sheet in the language of the moment."""
    file = io.BytesIO()
    title = _("For the caterer: %(event)s") % {"event": event.title}
    with Document(file, title=title, language=translation.get_language() or "fr") as document:
        sheet = _Sheet(document, event)
        for meal in meals_of(event):
            sheet.meal(meal)
    return file.getvalue()


class _Sheet:
    """Where the next meal goes."""

    def __init__(self, document: Document, event: Event) -> None:
        self.document, self.event = document, event
        self.page = self._turn()
        self.y = TOP
        for text, weight, size, color in (
            (printed_title(event), Weight.BOLD, 20, INK),
            (_("For the caterer"), Weight.SEMIBOLD, 13, INK),
            (self._about(), Weight.REGULAR, 9.5, PALE),
        ):
            self.page.color(color)
            self.y = set_text(text, weight, width=COLUMN, size=size).draw(self.page, SIDE, self.y) + 3
        self.y += 12

    def _about(self) -> str:
        zone = self.event.zone
        days = say_days(self.event.starts_at, self.event.ends_at, zone)
        place = str(self.event.venue or "")
        return " · ".join(part for part in (days, place) if part)

    def _turn(self) -> Page:
        page = self.page = self.document.page(WIDTH, HEIGHT)
        self.y = TOP
        page.color(PALE)
        now = say_moment(timezone.now().astimezone(self.event.zone))
        foot = _("Numbers only, as of %(moment)s. Whoever named two diets counts in both.") % {"moment": now}
        page.text(shape(foot, Weight.REGULAR), SIDE, HEIGHT - 34, 8)
        return page

    def meal(self, meal: Meal) -> None:
        """A heading with the number of people, then a row for each diet that somebody has."""
        self._room(60)
        self._row(meal.title, str(meal.eaters), Weight.BOLD, 13)
        self.page.rule((SIDE, self.y), (WIDTH - SIDE, self.y), color=INK, stroke=0.9)
        self.y += 5
        for name, number in [*meal.diets, (_("no diet named"), meal.without)]:
            if number:
                self._room(18)
                self._row(name, str(number), Weight.REGULAR, 11)
        if meal.notes:
            said = "; ".join(f"{text} ({number})" if number > 1 else text for text, number in meal.notes)
            text = set_text(
                _("Written besides: %(notes)s") % {"notes": said}, Weight.REGULAR, width=COLUMN, size=9.5
            )
            self._room(text.height + 6)
            self.page.color(PALE)
            self.y = text.draw(self.page, SIDE, self.y + 4)
        self.y += 20

    def _room(self, height: float) -> None:
        if self.y + height > FOOT:
            self._turn()

    def _row(self, name: str, number: str, weight: Weight, size: float) -> None:
        self.page.color(INK)
        text = set_text(name, weight, width=COLUMN - 60, size=size)
        self.page.text(shape(number, weight), WIDTH - SIDE, self.y + size * 0.95, size, align="right")
        self.y = text.draw(self.page, SIDE, self.y) + 4
        self.page.rule((SIDE, self.y - 1), (WIDTH - SIDE, self.y - 1), color=HAIRLINE, stroke=0.4)
