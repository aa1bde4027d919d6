"""Build the tables that organizers download: devices, raw scans, figures by day and session, no-shows."""

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from badges.attendance.models import Device, Scan
from convention.events.models import Event
from convention.tables.downloads import TableSheet
from convention.text.dates import format_date
from registrations.models import Registration

from .day_figures import DayFigures, list_absentees, load_day_figures
from .session_figures import SessionFigures, list_no_shows, load_session_figures


def _device_sheet(event: Event) -> TableSheet:
    header = [
        _("Device"), _("Checkpoint"), _("Supervisor’s phone"), _("Paired on"), _("Last seen"),
        _("Valid until"), _("Revoked"),
    ]  # fmt: skip
    rows = (
        [
            str(device), device.checkpoint.name, _("yes") if device.can_override else _("no"),
            *(
                at.astimezone(event.zone) if at else ""
                for at in (device.created_at, device.seen_at, device.expires_at, device.revoked_at)
            ),
        ]
        for device in Device.objects.filter(event=event).phones().select_related("checkpoint")
    )  # fmt: skip
    return TableSheet(_("Devices"), header, rows)


def _scan_sheet(event: Event) -> TableSheet:
    header = [
        _("Time"), _("Checkpoint"), _("Device"), _("Direction"), _("Result"), _("Reason"), _("Let in"),
        _("Reference"),
        _("Name"), _("Operator"), _("Offline"), _("Override"),
    ]  # fmt: skip
    return TableSheet(_("Scans"), header, _scan_rows(event))


def _scan_rows(event: Event) -> Iterator[list[Any]]:
    scans = Scan.objects.filter(checkpoint__event=event).order_by("effective_at", "pk")
    # Streamed: an event can have more scans than fit into memory as model instances.
    for scan in scans.select_related("checkpoint", "device", "registration").iterator(chunk_size=2000):
        holder = scan.registration
        yield [
            scan.effective_at.astimezone(event.zone), scan.checkpoint.name, str(scan.device),
            scan.get_direction_display(), scan.verdict_text, scan.reason_text,
            _("yes") if scan.let_in else _("no"),
            holder.reference if holder else "", holder.name if holder else "", scan.operator,
            _("yes") if scan.is_offline else _("no"), scan.override_reason,
        ]  # fmt: skip


def _day_sheet(event: Event) -> TableSheet:
    header = [
        _("Day"), _("Expected"), _("Arrived"), _("First arrivals"), _("Absent"), _("Scanned out"),
        _("Minutes on site (mean)"),
    ]  # fmt: skip
    return TableSheet(_("Attendance by day"), header, map(_list_day_cells, load_day_figures(event)))


def _list_day_cells(figures: DayFigures) -> list[Any]:
    return [
        figures.day, figures.expected_count, figures.arrived_count, figures.new_count,
        figures.absent_count, figures.stay_count,
        # Empty rather than 0: without exits nobody knows how long people stayed.
        "" if figures.mean_minutes is None else figures.mean_minutes,
    ]  # fmt: skip


def _session_sheet(event: Event) -> TableSheet:
    header = [
        _("Number"), _("Title"), _("Starts"), _("Room"), _("Places"), _("Booked"), _("Arrived"),
        _("No-shows"), _("Fill rate (%)"), _("Scanned out"), _("Minutes inside (mean)"),
    ]  # fmt: skip
    rows = (_list_session_cells(figures, event) for figures in load_session_figures(event))
    return TableSheet(_("Attendance by session"), header, rows)


def _list_session_cells(figures: SessionFigures, event: Event) -> list[Any]:
    session = figures.session
    optional_cells = (figures.no_show_count, figures.fill_percent, figures.stay_count, figures.mean_minutes)
    return [
        session.number, session.title,
        session.starts_at.astimezone(event.zone) if session.starts_at else "",
        session.room.name if session.room else "",
        figures.places or "",
        figures.booked_count if session.is_bookable else "",
        figures.arrived_count,
        *("" if value is None else value for value in optional_cells),
    ]  # fmt: skip


def _no_show_sheet(event: Event) -> TableSheet:
    header = [
        _("Day or session"), _("Last name"), _("First name"), _("Company"), _("Ticket"), _("E-mail"),
        _("Reference"),
    ]  # fmt: skip
    return TableSheet(_("No-shows"), header, _iterate_no_shows(event))


def _iterate_no_shows(event: Event) -> Iterator[list[Any]]:
    """Yield those absent on each day that is over, then those who missed a session that they booked."""
    days = [figures.day for figures in load_day_figures(event) if figures.is_over]
    for day, absentees in list_absentees(event, days):
        yield from (_list_absentee_cells(format_date(day), person) for person in absentees)
    for row in load_session_figures(event):
        if row.no_show_count:
            no_shows = list_no_shows(row.session)
            yield from (_list_absentee_cells(row.session.title, person) for person in no_shows)


def _list_absentee_cells(label: str, person: Registration) -> list[Any]:
    return [
        label, person.last_name, person.first_name, person.company, person.ticket.title, person.email,
        person.reference,
    ]  # fmt: skip


LISTS: dict[str, Callable[[Event], TableSheet]] = {
    "devices": _device_sheet,
    "scans": _scan_sheet,
    "attendance-days": _day_sheet,
    "attendance-sessions": _session_sheet,
    "no-shows": _no_show_sheet,
}
