"""Build a personal agenda's calendar, to which calendar programs subscribe."""

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from django.core.cache import cache
from django.utils.translation import gettext as _

from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.exchange.writers.icalendar import write_icalendar
from schedule.exchange.writers.own_pages import localize_programme
from schedule.exchange.writers.round_trip import build_exported_programme
from schedule.models import PersonalAgenda
from schedule.programme.programme_version import ProgrammeVersion

CALENDAR_CACHE_SECONDS: Final = 600


def compute_calendar_tag(
    *, personal_agenda: PersonalAgenda, programme_version: ProgrammeVersion, guids: Collection[uuid.UUID]
) -> str:
    """Return a tag that changes with the programme and with the chosen sessions."""
    # Sorted, since the order of a set differs between processes.
    chosen = " ".join(sorted(map(str, guids)))
    return hashlib.sha256(
        f"{personal_agenda.pk} {programme_version.cache_key} {chosen}".encode()
    ).hexdigest()[:32]


def build_personal_calendar(
    *, personal_agenda: PersonalAgenda, tag: str, guids: Collection[uuid.UUID]
) -> bytes:
    """Return the chosen sessions in iCalendar; cancelled ones too, marked by their STATUS."""
    key = f"personal-calendar-{tag}"
    cached: bytes | None = cache.get(key)
    if cached is None:
        programme = localize_programme(
            build_exported_programme(personal_agenda.event, ScheduleFormat.ICALENDAR), personal_agenda.event
        )
        parsed_sessions = tuple(
            parsed_session for parsed_session in programme.sessions if parsed_session.guid in guids
        )
        title = _("My programme – %(event)s") % {"event": personal_agenda.event.title}
        cached = write_icalendar(
            replace(programme, sessions=parsed_sessions, header=replace(programme.header, title=title))
        )
        cache.set(key, cached, CALENDAR_CACHE_SECONDS)
    return cached
