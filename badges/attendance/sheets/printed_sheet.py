"""Draw a sign-in sheet: names with a box for each signature."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.attendance.reports.printed_list import ListColumn, PrintedList, draw_printed_list
from convention.text.dates import format_date_with_weekday, format_time_range

from .sheet import SheetKey, SheetRow


def draw_sheet(key: SheetKey, rows: Sequence[SheetRow]) -> bytes:
    """Return the sheet as a PDF, in the active language."""
    event = key.checkpoint.event
    count = ngettext("%(count)d name", "%(count)d names", len(rows)) % {"count": len(rows)}
    sheet = PrintedList(
        title=_("Sign-in sheet"),
        subtitles=[describe_sheet(key), count],
        columns=[ListColumn(_("Name"), 190), ListColumn(_("Company"), 110), ListColumn(_("Ticket"), 70)],
        rows=[[row.name, row.registration.company, row.registration.ticket.title] for row in rows],
        empty_text=_("Nobody is expected here."),
        signature_heading=_("Signature"),
    )
    return draw_printed_list(event, sheet)


def describe_sheet(key: SheetKey) -> str:
    """Return checkpoint or session, room, day and hours as one line."""
    event, session = key.checkpoint.event, key.checkpoint.session
    parts = [session.title if session else key.checkpoint.name]
    if session and session.room:
        parts.append(session.room.name)
    parts.append(format_date_with_weekday(key.day))
    if session and session.starts_at:
        parts.append(format_time_range(session.starts_at, session.ends_at, event.zone))
    return " · ".join(parts)
