"""A visitor's own programme as a calendar that a calendar program can follow."""

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from django.core.cache import cache
from django.utils.translation import gettext as _

from .exchange.programme import Format
from .exchange.writers.carried import written_programme
from .exchange.writers.icalendar import write_icalendar
from .exchange.writers.own_pages import in_language_asked
from .models import Selection
from .pulse import Pulse

SECONDS: Final = 600


def calendar_tag(*, selection: Selection, pulse: Pulse, guids: Collection[uuid.UUID]) -> str:
    """Changes with the programme and with the choice."""
    chosen = " ".join(sorted(map(str, guids)))
    return hashlib.sha256(f"{selection.pk} {pulse.key} {chosen}".encode()).hexdigest()[:32]


def personal_calendar(*, selection: Selection, tag: str, guids: Collection[uuid.UUID]) -> bytes:
    """The chosen sessions in iCalendar, cancelled ones too, since a calendar can say so."""
    key = f"personal-calendar-{tag}"
    kept: bytes | None = cache.get(key)
    if kept is None:
        programme = in_language_asked(written_programme(selection.event, Format.ICALENDAR), selection.event)
        talks = tuple(talk for talk in programme.talks if talk.guid in guids)
        title = _("My programme – %(event)s") % {"event": selection.event.title}
        kept = write_icalendar(replace(programme, talks=talks, head=replace(programme.head, title=title)))
        cache.set(key, kept, SECONDS)
    return kept
