"""Draw the back of a badge: its holder's agenda, in type of at least nine points."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.codes import BadgeHolder
from convention.events.models import Event
from convention.text.dates import format_date_with_weekday
from convention.typeset import FontWeight, PdfDrawing
from registrations.models import Registration
from registrations.sessions.printed_agendas import AttendeeAgendas
from schedule.paper.printed_programme import PrintedProgramme, PrintedSession, describe_edition
from schedule.paper.text_layout import (
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    capitalize_first,
    draw_qr_symbol,
    lay_out_text,
    shorten_text,
)

START_EM, QR_SIDE, GAP = 4.6, 46.0, 3.0
MIN_TYPE_SIZE: Final = 9.0


class BackStyle(NamedTuple):
    """Size of type, and the lines that a title may take; 0 is any number."""

    size: float
    max_title_lines: int = 0


# In order of preference; the last one takes a single line for each session.
STYLES: Final = (
    BackStyle(13), BackStyle(11), BackStyle(10), BackStyle(MIN_TYPE_SIZE),
    BackStyle(MIN_TYPE_SIZE, 2), BackStyle(MIN_TYPE_SIZE, 1),
)  # fmt: skip
# Texts with colour and distance from the left edge; a session's first text is drawn beside its second.
type BackEntry = list[tuple[TextBlock, str, float]]


@dataclass(frozen=True)
class BadgeBacks:
    """The agendas behind the badges of an event, by the reference of the registration."""

    agendas: AttendeeAgendas
    attendees: dict[str, Registration]
    language: str

    @classmethod
    def load(cls, event: Event, *, language: str) -> "BadgeBacks":
        attendees = list(Registration.objects.filter(event=event).confirmed())
        with translation.override(language):
            agendas = AttendeeAgendas.load(event, attendees)
        return cls(agendas, {attendee.reference: attendee for attendee in attendees}, language)

    def draw(self, drawing: PdfDrawing, holder: BadgeHolder, margin: float) -> None:
        """Draw the back of a holder's badge on a drawing of its size, `margin` points from each edge."""
        # An attendee who cancelled since the badges were listed has no agenda.
        attendee = self.attendees.get(holder.reference)
        if attendee is None:
            return
        with translation.override(self.language):
            agenda = self.agendas.get_agenda(attendee, title=holder.name)
            draw_back(drawing, agenda, holder.company, margin)


def draw_back(drawing: PdfDrawing, agenda: PrintedProgramme, company: str, margin: float) -> None:
    """Draw name and company, the sessions by day, version and date, and the QR code of the live page."""
    width = drawing.width - 2 * margin
    draw_qr_symbol(drawing, agenda.agenda_url, x=drawing.width - margin - QR_SIDE, y=margin, side=QR_SIDE)
    y = draw_head(drawing, agenda, company, (margin, width - QR_SIDE - 8))
    top, bottom = max(y, margin + QR_SIDE) + GAP, drawing.height - margin
    for entry in fit_entries(agenda, width, bottom - top):
        top += get_space_above(entry)
        for text, color, left in entry:
            drawing.set_color(color)
            below = text.draw(drawing, margin + left, top)
            top = top if is_start(entry, text) else below
        top += GAP


def draw_head(
    drawing: PdfDrawing, agenda: PrintedProgramme, company: str, place: tuple[float, float]
) -> float:
    """Draw name, company, edition and note beside the QR code; return the y below."""
    margin, width = place
    y = margin
    for text, weight, size, max_lines, color in (
        (agenda.title, FontWeight.BOLD, 12.0, 1, INK_COLOR),
        (company, FontWeight.REGULAR, MIN_TYPE_SIZE, 1, INK_COLOR),
        (describe_edition(agenda), FontWeight.REGULAR, MIN_TYPE_SIZE, 2, PALE_INK_COLOR),
        (agenda.cancellation_notice or agenda.head_note, FontWeight.SEMIBOLD, MIN_TYPE_SIZE, 3, INK_COLOR),
    ):
        if text:
            shown = shorten_text(text, weight, width=width, size=size, max_lines=max_lines)
            drawing.set_color(color)
            y = lay_out_text(shown, weight, width=width, size=size).draw(drawing, margin, y)
    return y


def fit_entries(agenda: PrintedProgramme, width: float, height: float) -> list[BackEntry]:
    """Return the sessions in the best style in which all fit, or as many as fit and how many are missing."""
    for style in STYLES:
        entries = list(lay_out_entries(agenda, width, style))
        if sum(map(measure_entry, entries)) <= height:
            return entries
    size = STYLES[-1].size
    remaining = height - 1.22 * size - 2 * GAP
    shown: list[BackEntry] = []
    for entry in entries:
        remaining -= measure_entry(entry)
        if remaining < 0:
            break
        shown.append(entry)
    missing = len(agenda.sessions) - sum(len(entry) > 1 for entry in shown)
    note = ngettext("%(count)d more: scan the code.", "%(count)d more: scan the code.", missing)
    text = lay_out_text(note % {"count": missing}, FontWeight.SEMIBOLD, width=width, size=size)
    return [*shown, [(text, INK_COLOR, 0.0)]]


def lay_out_entries(agenda: PrintedProgramme, width: float, style: BackStyle) -> Iterator[BackEntry]:
    """Yield each day's heading with its first session, and the other sessions."""
    days: list[tuple[datetime.date | None, list[PrintedSession]]] = [*agenda.days]
    if agenda.untimed_sessions:
        days.append((None, agenda.untimed_sessions))
    for day, sessions in days:
        label = capitalize_first(format_date_with_weekday(day)) if day else _("Time to be announced")
        heading = lay_out_text(label, FontWeight.BOLD, width=width, size=style.size)
        yield [(heading, INK_COLOR, 0.0)]
        for session in sessions:
            yield lay_out_session(session, width, style)


def lay_out_session(session: PrintedSession, width: float, style: BackStyle) -> BackEntry:
    """Lay out the start, the title and the room; title and room share a line if the style has only one."""
    left, size, max_lines = START_EM * style.size, style.size, style.max_title_lines
    title = f"{_('Cancelled').upper()} {session.title}" if session.is_cancelled else session.title
    room = shorten_text(session.room, FontWeight.REGULAR, width=width - left, size=size)
    if max_lines == 1 and room:
        title, room = f"{room} · {title}", ""
    if max_lines:
        title = shorten_text(title, FontWeight.SEMIBOLD, width=width - left, size=size, max_lines=max_lines)
    lines = (
        (session.start_label or "–", FontWeight.SEMIBOLD, INK_COLOR, 0.0),
        (title, FontWeight.SEMIBOLD, INK_COLOR, left),
        (room, FontWeight.REGULAR, PALE_INK_COLOR, left),
    )
    return [
        (lay_out_text(text, weight, width=width - x, size=size), color, x)
        for text, weight, color, x in lines
        if text
    ]


def is_start(entry: BackEntry, text: TextBlock) -> bool:
    """Return whether a text is the start of a session, which is drawn at the left of its title."""
    return len(entry) > 1 and entry[0][0] is text


def measure_entry(entry: BackEntry) -> float:
    height = sum(text.height for text, _color, _left in entry if not is_start(entry, text))
    return get_space_above(entry) + height + GAP


def get_space_above(entry: BackEntry) -> float:
    """Return the space above a heading, which is alone in its entry."""
    return GAP if len(entry) == 1 else 0.0
