"""Certificates of attendance on paper, for those who arrived and left: the name large, the rest quiet."""

import datetime
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.dates import say_day, say_time, say_weekday
from convention.errors import Closed
from convention.typeset import Box, Document, Page, Weight, fit, shape
from registrations.calendar import where_of
from registrations.invoices.models import Issuer
from schedule.paper.setting import INK, PALE, set_text

from .roster import Visitor
from .where import may_certify

if TYPE_CHECKING:
    from convention.events.models import Event

WIDTH, HEIGHT = 841.89, 595.28
SIDE = 90.0
COLUMN = WIDTH - 2 * SIDE


@dataclass(frozen=True, kw_only=True)
class Certified:
    """Who, and from when to when."""

    name: str
    company: str
    reference: str
    came_at: datetime.datetime
    left_at: datetime.datetime


def certified(visitor: Visitor) -> Certified:
    """What a certificate says of a visitor. Raises Closed for whoever did not arrive and leave."""
    if not may_certify(visitor.where) or visitor.came_at is None or visitor.left_at is None:
        raise Closed(_("A certificate is for those who were scanned in at the gate and out again."))
    return Certified(
        name=f"{visitor.first_name} {visitor.last_name}".strip() or visitor.reference,
        company=visitor.company,
        reference=visitor.reference,
        came_at=visitor.came_at,
        left_at=visitor.left_at,
    )


def draw_certificates(event: "Event", people: Iterable[Certified]) -> bytes:
    """A page for each, in the language of the moment."""
    file = io.BytesIO()
    title = _("Certificate of attendance · %(event)s") % {"event": event.title}
    with Document(file, title=title, language=translation.get_language() or "fr") as document:
        for one in people:
            _draw(document.page(WIDTH, HEIGHT), event, one)
    return file.getvalue()


def _draw(page: Page, event: "Event", one: Certified) -> None:
    page.color(event.accent)
    page.rectangle(0, 0, 14, HEIGHT)
    y = _text(page, issuer(), 84, size=13, weight=Weight.SEMIBOLD)
    y = _text(page, _("Certificate of attendance"), y + 14, size=30, weight=Weight.BOLD)
    y = _text(page, _("We certify that"), y + 40, size=13, color=PALE)
    y = _name(page, one.name, y + 6)
    if one.company:
        y = _text(page, one.company, y + 2, size=16)
    y = _text(page, _("took part in"), y + 20, size=13, color=PALE)
    y = _text(page, event.title, y + 4, size=18, weight=Weight.SEMIBOLD)
    y = _text(page, said_when(event, one), y + 6, size=13)
    if where := where_of(event):
        y = _text(page, where, y + 2, size=13)
    _foot(page, event, one)


def said_when(event: "Event", one: Certified) -> str:
    """The day and the hours between which somebody was on site."""
    sentence = _("on %(day)s, from %(came)s to %(left)s")
    zone = event.zone
    return sentence % {
        "day": say_weekday(one.came_at, zone),
        "came": say_time(one.came_at, zone),
        "left": say_time(one.left_at, zone),
    }


def issuer() -> str:
    """Who certifies: the association as its invoices name it, else the site."""
    current = Issuer.current()
    return current.legal_name if current else str(settings.SITE_NAME)


def _text(
    page: Page, text: str, y: float, *, size: float, weight: Weight = Weight.REGULAR, color: str = INK
) -> float:
    """Set it in the column from the top edge y; returns the y below."""
    page.color(color)
    return set_text(text, weight, width=COLUMN, size=size).draw(page, SIDE, y)


def _name(page: Page, name: str, y: float) -> float:
    """The name as large as it fits on two lines."""
    fitted = fit(name, Weight.BOLD, Box(width=COLUMN, lines=2), size=36, floor=18)
    page.color(INK)
    for line in fitted.lines:
        y += fitted.size * 1.15
        page.text(line, SIDE, y - fitted.size * 0.2, fitted.size)
    return y + 4


def _foot(page: Page, event: "Event", one: Certified) -> None:
    """What it is made of, so that nobody takes it for more."""
    said = _(
        "Made on %(day)s from the scans at the gate; no. %(number)s. "
        "It certifies presence, and is no certificate of training."
    ) % {"day": say_day(timezone.now(), event.zone), "number": one.reference}
    page.color(PALE)
    page.text(shape(said, Weight.REGULAR), SIDE, HEIGHT - 48, 9)
