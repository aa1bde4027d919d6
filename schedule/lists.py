"""What an organizer downloads of the programme: sessions with their bookings, and speakers."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from convention.downloads import Sheet
from convention.events.models import Event


def _sessions(event: Event) -> Sheet:
    header = [
        _("Number"), _("Title"), _("Starts"), _("Ends"), _("Room"), _("Track"), _("Speakers"), _("Booked"),
        _("Places"),
    ]  # fmt: skip
    rows = event.sessions.select_related("room", "track").prefetch_related("speakers")
    return Sheet(_("Sessions"), header, (_cells(one, event) for one in rows.order_by("starts_at", "number")))


def _cells(one: Any, event: Event) -> list[Any]:
    moments = [at.astimezone(event.zone) if at else "" for at in (one.starts_at, one.ends_at)]
    return [
        one.number, one.title, *moments, one.room.name if one.room else "",
        one.track.name if one.track else "", ", ".join(speaker.name for speaker in one.speakers.all()),
        one.taken if one.is_bookable else "", "" if one.capacity is None else one.capacity,
    ]  # fmt: skip


def _speakers(event: Event) -> Sheet:
    header = [_("Name"), _("Sessions")]
    rows = (
        [one.name, ", ".join(session.title for session in one.sessions.all())]
        for one in event.speakers.prefetch_related("sessions").order_by("name", "pk")
    )
    return Sheet(_("Speakers"), header, rows)


LISTS: dict[str, Callable[[Event], Sheet]] = {"sessions": _sessions, "speakers": _speakers}
