"""Build a personal agenda's calendar, to which calendar programs subscribe."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from django.core.cache import cache
from django.utils.translation import gettext as _

from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.exchange.writers.icalendar import write_icalendar
from schedule.exchange.writers.own_pages import localize_programme
from schedule.exchange.writers.round_trip import build_exported_programme
from schedule.models import PersonalAgenda, ProgrammeAudience
from schedule.programme.programme_version import ProgrammeVersion

CALENDAR_CACHE_SECONDS: Final = 600


def compute_calendar_tag(
    *, personal_agenda: PersonalAgenda, programme_version: ProgrammeVersion, notes: Mapping[uuid.UUID, str]
) -> str:
    """Return a tag that changes with the programme, with its sessions and with the notes on them."""
    # Sorted, since the order of the rows may differ between processes.
    noted = " ".join(sorted(f"{guid} {note}" for guid, note in notes.items()))
    return hashlib.sha256(f"{personal_agenda.pk} {programme_version.cache_key} {noted}".encode()).hexdigest()[
        :32
    ]


def build_personal_calendar(
    *,
    personal_agenda: PersonalAgenda,
    audience: ProgrammeAudience,
    tag: str,
    notes: Mapping[uuid.UUID, str],
) -> bytes:
    """Return the noted sessions in iCalendar; cancelled ones too, marked by their STATUS.

    A note (booked, in conflict) is put before the session's own text.
    """
    key = f"personal-calendar-{tag}"
    cached: bytes | None = cache.get(key)
    if cached is None:
        event = personal_agenda.event
        exported = build_exported_programme(event, ScheduleFormat.ICALENDAR, audience=audience)
        programme = localize_programme(exported, event)
        parsed_sessions = tuple(
            replace(parsed_session, description=join_texts(note, parsed_session.description))
            for parsed_session in programme.sessions
            if parsed_session.guid and (note := notes.get(parsed_session.guid)) is not None
        )
        title = _("My programme – %(event)s") % {"event": event.title}
        cached = write_icalendar(
            replace(programme, sessions=parsed_sessions, header=replace(programme.header, title=title))
        )
        cache.set(key, cached, CALENDAR_CACHE_SECONDS)
    return cached


def join_texts(*texts: str | None) -> str:
    """Join the texts that are not empty, with an empty line between them."""
    return "\n\n".join(filter(None, texts))
