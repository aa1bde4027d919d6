"""Draw certificates of attendance as PDF, one landscape A4 page per visitor who arrived and left."""

import datetime
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.errors import NotOpenNow
from convention.text.dates import format_date, format_date_with_weekday, format_time
from convention.typeset import FontWeight, PdfDocument, PdfPage, TextBox, fit_text, shape_line
from registrations.invoices.models.documents import Issuer
from registrations.orders.calendar import format_venue_address
from schedule.paper.text_layout import INK_COLOR, PALE_INK_COLOR, lay_out_text

from .roster import RosterEntry
from .whereabouts import can_certify

if TYPE_CHECKING:
    from convention.events.models import Event

PAGE_WIDTH, PAGE_HEIGHT = 841.89, 595.28
PAGE_MARGIN = 90.0
COLUMN_WIDTH = PAGE_WIDTH - 2 * PAGE_MARGIN


@dataclass(frozen=True, kw_only=True)
class CertificateFacts:
    """The text of one certificate: names, and the times of arrival and departure (aware datetimes)."""

    name: str
    company: str
    reference: str
    arrived_at: datetime.datetime
    left_at: datetime.datetime


def make_certificate_facts(visitor: RosterEntry) -> CertificateFacts:
    """Return the facts for a visitor's certificate. Raise NotOpenNow unless they arrived and left."""
    # "Left" does not imply an arrival: an exit alone can have been scanned.
    if not can_certify(visitor.whereabouts) or visitor.arrived_at is None or visitor.left_at is None:
        raise NotOpenNow(_("Certificates are for visitors scanned in at the gate and out again."))
    return CertificateFacts(
        name=f"{visitor.first_name} {visitor.last_name}".strip() or visitor.reference,
        company=visitor.company,
        reference=visitor.reference,
        arrived_at=visitor.arrived_at,
        left_at=visitor.left_at,
    )


def draw_certificates(event: "Event", certificates: Iterable[CertificateFacts]) -> bytes:
    """Return a PDF with one page per certificate, in the active language."""
    file = io.BytesIO()
    title = _("Certificate of attendance · %(event)s") % {"event": event.title}
    with PdfDocument(file, title=title, language=translation.get_language() or "fr") as document:
        for facts in certificates:
            _draw_certificate(document.begin_page(PAGE_WIDTH, PAGE_HEIGHT), event, facts)
    return file.getvalue()


def _draw_certificate(page: PdfPage, event: "Event", facts: CertificateFacts) -> None:
    page.set_color(event.accent)
    page.fill_rectangle(0, 0, 14, PAGE_HEIGHT)
    y = _draw_text(page, get_issuer_name(), 84, size=13, weight=FontWeight.SEMIBOLD)
    y = _draw_text(page, _("Certificate of attendance"), y + 14, size=30, weight=FontWeight.BOLD)
    y = _draw_text(page, _("We certify that"), y + 40, size=13, color=PALE_INK_COLOR)
    y = _draw_name(page, facts.name, y + 6)
    if facts.company:
        y = _draw_text(page, facts.company, y + 2, size=16)
    y = _draw_text(page, _("took part in"), y + 20, size=13, color=PALE_INK_COLOR)
    y = _draw_text(page, event.title, y + 4, size=18, weight=FontWeight.SEMIBOLD)
    y = _draw_text(page, describe_stay(event, facts), y + 6, size=13)
    if where := format_venue_address(event):
        y = _draw_text(page, where, y + 2, size=13)
    _draw_footer(page, event, facts)


def describe_stay(event: "Event", facts: CertificateFacts) -> str:
    """Return the day or days and the hours on site as a phrase, in the event's time zone."""
    zone = event.zone
    values = {
        "day": format_date_with_weekday(facts.arrived_at, zone),
        "came": format_time(facts.arrived_at, zone),
        "last_day": format_date_with_weekday(facts.left_at, zone),
        "left": format_time(facts.left_at, zone),
    }
    if values["day"] == values["last_day"]:
        return _("on %(day)s, from %(came)s to %(left)s") % values
    return _("from %(day)s, %(came)s to %(last_day)s, %(left)s") % values


def get_issuer_name() -> str:
    """Return the association's legal name as on its invoices, by default the name of the site."""
    current = Issuer.get_current()
    return current.legal_name if current else str(settings.SITE_NAME)


def _draw_text(
    page: PdfPage,
    text: str,
    y: float,
    *,
    size: float,
    weight: FontWeight = FontWeight.REGULAR,
    color: str = INK_COLOR,
) -> float:
    """Draw `text` in the column with its top edge at `y` (points); return the y below it."""
    page.set_color(color)
    return lay_out_text(text, weight, width=COLUMN_WIDTH, size=size).draw(page, PAGE_MARGIN, y)


def _draw_name(page: PdfPage, name: str, y: float) -> float:
    """Draw the name as large as fits on two lines; return the y below it."""
    fitted = fit_text(
        name, FontWeight.BOLD, TextBox(width=COLUMN_WIDTH, max_lines=2), max_size=36, min_size=18
    )
    page.set_color(INK_COLOR)
    for line in fitted.lines:
        y += fitted.size * 1.15
        page.text(line, PAGE_MARGIN, y - fitted.size * 0.2, fitted.size)
    return y + 4


def _draw_footer(page: PdfPage, event: "Event", facts: CertificateFacts) -> None:
    """Draw the origin of the times, so that the paper is not taken for a certificate of training."""
    footer = _(
        "Issued on %(day)s from the scans at the gate; no. %(number)s. It certifies "
        "attendance only and is not a training certificate."
    ) % {"day": format_date(timezone.now(), event.zone), "number": facts.reference}
    page.set_color(PALE_INK_COLOR)
    page.text(shape_line(footer, FontWeight.REGULAR), PAGE_MARGIN, PAGE_HEIGHT - 48, 9)
