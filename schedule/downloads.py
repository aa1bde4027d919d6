"""Build the tables that organizers download: the programme, sessions with their bookings, and speakers."""

from collections.abc import Callable
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.tables.downloads import TableSheet
from convention.text.normalize import search_text

from .exchange.parsed_programme import ScheduleFormat
from .exchange.writers.round_trip import build_exported_programme
from .exchange.writers.session_table import build_session_rows
from .models import ProgrammeAudience, Session, SessionSpeaker
from .proposals.exports import build_proposal_sheet


def _build_booking_sheet(event: Event) -> TableSheet:
    header = [
        _("Number"), _("Title"), _("Starts"), _("Ends"), _("Room"), _("Track"), _("Speakers"),
        _("Members only"), _("Booked"), _("Places"),
    ]  # fmt: skip
    # Not `speakers`, which is sorted by name: here speakers are in the order of the programme.
    appearances = Prefetch("appearances", SessionSpeaker.objects.select_related("speaker"))
    rows = event.sessions.select_related("room", "track").prefetch_related(appearances)
    return TableSheet(
        _("Booked places"),
        header,
        (_list_session_cells(session, event) for session in rows.order_by("starts_at", "number")),
    )


def _list_session_cells(session: Session, event: Event) -> list[Any]:
    moments = [at.astimezone(event.zone) if at else "" for at in (session.starts_at, session.ends_at)]
    return [
        session.number, session.title, *moments, session.room.name if session.room else "",
        session.track.name if session.track else "",
        ", ".join(appearance.speaker.name for appearance in session.appearances.all()),
        _("yes") if session.is_for_members else "",
        session.reserved if session.is_bookable else "", "" if session.capacity is None else session.capacity,
    ]  # fmt: skip


def _build_speaker_sheet(event: Event) -> TableSheet:
    header = [_("Name"), _("Sessions")]
    speakers = event.speakers.prefetch_related("sessions")
    rows = (
        [speaker.name, ", ".join(session.title for session in speaker.sessions.all())]
        for speaker in sorted(speakers, key=lambda speaker: search_text(speaker.name))
    )
    return TableSheet(_("Speakers"), header, rows)


def _build_programme_sheet(event: Event) -> TableSheet:
    """Build the table with all fields, which can be edited and imported again."""
    header, rows = build_session_rows(
        build_exported_programme(event, ScheduleFormat.XLSX, audience=ProgrammeAudience.MEMBERS)
    )
    return TableSheet(_("Programme"), header, rows)


DOWNLOAD_SHEETS: dict[str, Callable[[Event], TableSheet]] = {
    "programme": _build_programme_sheet,
    "sessions": _build_booking_sheet,
    "speakers": _build_speaker_sheet,
    "session-proposals": build_proposal_sheet,
}
