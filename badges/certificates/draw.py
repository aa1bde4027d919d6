"""Draw certificates as PDF: one landscape A4 page each, optionally with the scans behind it."""

import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from badges.attendance.models import Scan
from convention.text.dates import (
    format_date,
    format_date_with_weekday,
    format_datetime,
    format_time,
    format_time_range,
)
from convention.typeset import FontWeight, PdfDocument, PdfPage, TextBox, fit_text, shape_line
from registrations.invoices.models.documents import Issuer
from registrations.orders.calendar import format_venue_address
from schedule.paper.text_layout import (
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    draw_qr_symbol,
    lay_out_fitted_text,
    lay_out_text,
    shorten_text,
)

from .models import Certificate, CertifiedStay

if TYPE_CHECKING:
    from convention.events.models import Event

PAGE_WIDTH, PAGE_HEIGHT = 841.89, 595.28
PAGE_MARGIN = 90.0
QR_SIDE = 78.0
FOOTER_TOP = PAGE_HEIGHT - 48 - QR_SIDE
# Names and titles end above the QR code, so the column stops before it only below them.
COLUMN_WIDTH = PAGE_WIDTH - 2 * PAGE_MARGIN
FOOTER_WIDTH = COLUMN_WIDTH - QR_SIDE - 24
MAX_STAYS_DRAWN = 5
SENTENCE_SIZES = (13.0, 11.0, 9.0)
SENTENCE_SPACING = 4.0
# The sentences are as narrow as the footer, so they may extend beside the QR code.
SENTENCES_BOTTOM = FOOTER_TOP + 26
SCAN_COLUMNS = (0.0, 190.0, 450.0, 530.0)
SCANS_BOTTOM = PAGE_HEIGHT - 60


def draw_certificates(event: "Event", certificates: Sequence[Certificate]) -> bytes:
    """Return a PDF with one page per certificate, in the active language."""
    file = io.BytesIO()
    write_certificates(file, event, certificates)
    return file.getvalue()


def write_certificates(
    file: BinaryIO,
    event: "Event",
    certificates: Sequence[Certificate],
    *,
    report_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Write a PDF with one page per certificate; `report_progress` is called with done and total."""
    with _open_document(file, event) as document:
        issuer = get_issuer_name()
        for done, certificate in enumerate(certificates, start=1):
            _draw_certificate(document.begin_page(PAGE_WIDTH, PAGE_HEIGHT), event, certificate, issuer)
            report_progress(done, len(certificates))


def draw_certificate_with_scans(event: "Event", certificate: Certificate, scans: Iterable[Scan]) -> bytes:
    """Return a PDF with the certificate and a list of the scans that it rests on."""
    file = io.BytesIO()
    with _open_document(file, event) as document:
        page = document.begin_page(PAGE_WIDTH, PAGE_HEIGHT)
        _draw_certificate(page, event, certificate, get_issuer_name())
        _draw_scans(document, event, certificate, scans)
    return file.getvalue()


def _open_document(file: BinaryIO, event: "Event") -> PdfDocument:
    title = _("Certificate of attendance · %(event)s") % {"event": event.title}
    return PdfDocument(file, title=title, language=translation.get_language() or "fr")


def build_certificate_url(certificate: Certificate) -> str:
    """Return the address of the public page that confirms the certificate, in the active language."""
    return f"{settings.SITE_URL}{reverse('certificate', args=[certificate.code])}"


def _draw_certificate(page: PdfPage, event: "Event", certificate: Certificate, issuer: str) -> None:
    page.set_color(event.accent)
    page.fill_rectangle(0, 0, 14, PAGE_HEIGHT)
    y = _draw_text(page, issuer, 64, size=13, weight=FontWeight.SEMIBOLD)
    y = _draw_text(page, _("Certificate of attendance"), y + 12, size=30, weight=FontWeight.BOLD)
    y = _draw_text(page, _("We certify that"), y + 30, size=13, color=PALE_INK_COLOR)
    y = _draw_fitted_text(page, certificate.name, y + 6, FontWeight.BOLD, max_size=36, min_size=12) + 4
    if certificate.company:
        y = _draw_fitted_text(page, certificate.company, y + 2, FontWeight.REGULAR, max_size=16, min_size=11)
    session = certificate.session
    introduction = _("attended the session") if session else _("took part in")
    y = _draw_text(page, introduction, y + 18, size=13, color=PALE_INK_COLOR)
    title = session.title if session else event.title
    y = _draw_fitted_text(page, title, y + 4, FontWeight.SEMIBOLD, max_size=18, min_size=13)
    page.set_color(INK_COLOR)
    for block in _lay_out_sentences(event, certificate, y):
        y = block.draw(page, PAGE_MARGIN, y + SENTENCE_SPACING)
    _draw_footer(page, event, certificate)


def _lay_out_sentences(event: "Event", certificate: Certificate, y: float) -> list[TextBlock]:
    """Return the sentences with as many stays as fit between `y` and the footer; smaller if not one fits."""
    blocks: list[TextBlock] = []
    for size, max_stays in itertools.product(SENTENCE_SIZES, range(MAX_STAYS_DRAWN, 0, -1)):
        blocks = [
            lay_out_text(sentence, FontWeight.REGULAR, width=FOOTER_WIDTH, size=size)
            for sentence in describe_certificate(event, certificate, max_stays=max_stays)
        ]
        if y + sum(SENTENCE_SPACING + block.height for block in blocks) <= SENTENCES_BOTTOM:
            break
    return blocks


def describe_certificate(
    event: "Event", certificate: Certificate, *, max_stays: int = MAX_STAYS_DRAWN
) -> list[str]:
    """Return the lines of the certificate that say when and where the attendee took part."""
    stays = certificate.certified_stays
    lines = [describe_stay(event, stay) for stay in stays[:max_stays]]
    if len(stays) > max_stays:
        lines.append(
            _("and until %(day)s: %(count)d days in all")
            % {"day": format_date_with_weekday(stays[-1].arrived_at, event.zone), "count": len(stays)}
        )
    session = certificate.session
    if session:
        hours = format_time_range(session.starts_at, session.ends_at, event.zone) if session.starts_at else ""
        room = session.room.name if session.room else ""
        programme = ", ".join(part for part in (hours, room) if part)
        lines += [_("in the programme: %(hours)s") % {"hours": programme}] if programme else []
        lines.append(event.title)
    venue_address = format_venue_address(event)
    return [*lines, venue_address] if venue_address else lines


def describe_stay(event: "Event", stay: CertifiedStay) -> str:
    """Return a stay as a phrase, in the event's time zone; without an exit, only the arrival."""
    zone = event.zone
    values = {
        "day": format_date_with_weekday(stay.arrived_at, zone),
        "came": format_time(stay.arrived_at, zone),
    }
    if stay.left_at is None:
        return _("on %(day)s, arrived at %(came)s") % values
    values["left"] = format_time(stay.left_at, zone)
    values["last_day"] = format_date_with_weekday(stay.left_at, zone)
    if values["day"] == values["last_day"]:
        return _("on %(day)s, from %(came)s to %(left)s") % values
    return _("from %(came)s on %(day)s to %(left)s on %(last_day)s") % values


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
    width: float = COLUMN_WIDTH,
) -> float:
    """Draw `text` in the column with its top edge at `y` (points); return the y below it."""
    page.set_color(color)
    return lay_out_text(text, weight, width=width, size=size).draw(page, PAGE_MARGIN, y)


def _draw_fitted_text(
    page: PdfPage, text: str, y: float, weight: FontWeight, *, max_size: float, min_size: float
) -> float:
    """Draw a text as large as fits on two lines, shortened if it never does; return the y below it."""
    box = TextBox(width=COLUMN_WIDTH, max_lines=2)
    text = shorten_text(text, weight, width=box.width, size=min_size, max_lines=box.max_lines)
    fitted = fit_text(text, weight, box, max_size=max_size, min_size=min_size)
    page.set_color(INK_COLOR)
    return lay_out_fitted_text(text, weight, fitted, leading=1.15).draw(page, PAGE_MARGIN, y)


def _draw_footer(page: PdfPage, event: "Event", certificate: Certificate) -> None:
    """Draw the origin of the times, how to check the certificate, and its QR code."""
    address = build_certificate_url(certificate)
    draw_qr_symbol(page, address, x=PAGE_WIDTH - PAGE_MARGIN - QR_SIDE, y=FOOTER_TOP, side=QR_SIDE)
    # So that the paper is not taken for a certificate of training.
    origin = _(
        "Issued on %(day)s, based on badge scans. It certifies attendance only and is not a "
        "training certificate."
    ) % {"day": format_date(certificate.issued_at, event.zone)}
    check = _("Certificate %(code)s. To check it, scan the code or open %(address)s") % {
        "code": certificate.spaced_code,
        "address": address,
    }
    y = FOOTER_TOP + 34
    for text in (origin, check):
        y = _draw_text(page, text, y, size=9, color=PALE_INK_COLOR, width=FOOTER_WIDTH) + 2


def _draw_scans(
    document: PdfDocument, event: "Event", certificate: Certificate, scans: Iterable[Scan]
) -> None:
    page, y = _begin_scan_page(document, certificate)
    for scan in scans:
        if y > SCANS_BOTTOM:
            page, y = _begin_scan_page(document, certificate)
        cells = (
            format_datetime(scan.effective_at, event.zone),
            scan.checkpoint.name,
            scan.get_direction_display(),
            describe_source(scan),
        )
        y = _draw_scan_row(page, cells, y)


def _begin_scan_page(document: PdfDocument, certificate: Certificate) -> tuple[PdfPage, float]:
    page = document.begin_page(PAGE_WIDTH, PAGE_HEIGHT)
    y = _draw_text(page, _("Scans behind this certificate"), 60, size=18, weight=FontWeight.BOLD)
    subtitle = f"{certificate.name} · {certificate.spaced_code}"
    y = _draw_text(page, subtitle, y + 4, size=11, color=PALE_INK_COLOR) + 12
    headings = (_("Time"), _("Checkpoint"), _("Direction"), _("Recorded by"))
    page.set_color(INK_COLOR)
    for x, heading in zip(SCAN_COLUMNS, headings, strict=True):
        page.text(shape_line(heading, FontWeight.SEMIBOLD), PAGE_MARGIN + x, y, 9)
    page.draw_rule((PAGE_MARGIN, y + 5), (PAGE_WIDTH - PAGE_MARGIN, y + 5), color=INK_COLOR, stroke=0.9)
    return page, y + 10


def _draw_scan_row(page: PdfPage, cells: Sequence[str], y: float) -> float:
    """Draw a row with its top edge at `y`; return the y below it."""
    ends = (*SCAN_COLUMNS[1:], COLUMN_WIDTH)
    page.set_color(INK_COLOR)
    bottoms = [
        lay_out_text(cell, FontWeight.REGULAR, width=end - x - 8, size=10).draw(page, PAGE_MARGIN + x, y)
        for cell, x, end in zip(cells, SCAN_COLUMNS, ends, strict=True)
    ]
    return max(bottoms) + 4


def describe_source(scan: Scan) -> str:
    """Return how the scan was made, without the operator's name."""
    if not scan.device.is_desk:
        return pgettext("evidence of attendance", "scanner")
    return _("desk or sign-in sheet")
