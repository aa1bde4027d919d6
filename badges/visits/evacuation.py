"""Load and print the evacuation list of any event: the attendees who are inside at one of its checkpoints."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from django.db import OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from badges.attendance.models import Presence
from badges.attendance.reports.headcount import count_inside_anywhere
from badges.attendance.reports.printed_list import ListColumn, PrintedList
from badges.attendance.scanning.presence_store import filter_still_inside
from convention.api.reading_audit import HOUR_SECONDS
from convention.audit.record import record_action
from convention.text.dates import format_short_time
from convention.text.normalize import name_search_key
from convention.text.punctuation import format_last_name_first
from convention.web.rate_limit_cache import limits_cache

if TYPE_CHECKING:
    from convention.events.models import Event
    from registrations.visits.models import Visit


class ListReading(Enum):
    """Why a list is read: somebody opens it, or the page that is open fetches it again."""

    OPENED = "opened"
    REFRESHED = "refreshed"


@dataclass(frozen=True, slots=True)
class PersonInside:
    """An attendee inside the event, where, and since when."""

    reference: str
    name: str
    company: str
    arrived_at: datetime.datetime | None
    checkpoints: Sequence[str]

    @property
    def where(self) -> str:
        return ", ".join(self.checkpoints)


def load_people_inside(event: "Event") -> list[PersonInside]:
    """Return everyone inside at any checkpoint, by name, including those seen in a room but at no gate."""
    presences = Presence.objects.filter(filter_still_inside(), event=event)
    grouped: dict[int, list[Presence]] = defaultdict(list)
    for presence in presences.select_related("registration", "checkpoint").order_by("last_entered_at"):
        grouped[presence.registration_id].append(presence)
    people = [_make_person(rows) for rows in grouped.values()]
    return sorted(people, key=lambda person: (name_search_key(person.name), person.reference))


def _make_person(presences: list[Presence]) -> PersonInside:
    registration = presences[0].registration
    return PersonInside(
        registration.reference,
        format_last_name_first(registration.first_name, registration.last_name) or registration.reference,
        registration.company,
        presences[0].last_entered_at,
        [presence.checkpoint.title for presence in presences],
    )


def make_inside_list(event: "Event", people: Sequence[PersonInside]) -> PrintedList:
    count = ngettext("%(count)d person inside", "%(count)d people inside", len(people)) % {
        "count": len(people)
    }
    counts = count_inside_anywhere(event, inside_count=len(people))
    if counts.fewest_inside != counts.most_inside:
        bounds = {"fewest": counts.fewest_inside, "most": counts.most_inside}
        count = (
            f"{count} · {_('between %(fewest)d and %(most)d, as some devices are not responding') % bounds}"
        )
    elif counts.silent_devices:
        count = f"{count} · {_('some devices are not responding')}"
    return PrintedList(
        title=_("Evacuation list"),
        subtitles=[count],
        columns=[
            ListColumn(_("Name"), 200),
            ListColumn(_("Company"), 130),
            ListColumn(_("Where"), 110),
            ListColumn(pgettext("visitor", "Arrived"), 46),
        ],
        rows=[
            [person.name, person.company, person.where, format_short_time(person.arrived_at, event.zone)]
            for person in people
        ],
        empty_text=_("Nobody is inside."),
    )


def record_list_opened(verb: str, subject: "Event | Visit", *, event: "Event") -> None:
    """Record that an evacuation list was shown or printed. Call it once the list is made."""
    # In an emergency the list is shown even if the database cannot be written (full disk, locked).
    with suppress(OperationalError):
        record_action(verb, subject, event=event)


def record_list_reading(
    verb: str, subject: "Event | Visit", *, event: "Event", reader_id: int | None, reading: ListReading
) -> None:
    """Record that a list was opened, and of its later readings by the open page one each hour."""
    key = f"reading:{verb}:{reader_id}:{event.pk}"
    is_due = True
    # If the file of the limits cannot be written, an entry too many is better than none.
    with suppress(OperationalError):
        if reading == ListReading.OPENED:
            limits_cache.set(key, 1, HOUR_SECONDS)
        else:
            is_due = limits_cache.add(key, 1, HOUR_SECONDS)
    if is_due:
        record_list_opened(verb, subject, event=event)
