"""Find attendees for a scanner whose operator has a name, or the short code of a badge that cannot be read.

A scan-only phone stores encrypted records alone and asks here while it is online. A supervisor's phone may
fetch everybody, for its memory only.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from badges.attendance.entitlements import find_entitlements
from badges.attendance.models import Device
from badges.attendance.scanning.record_encryption import make_registration_key
from badges.attendance.scanning.snapshot import describe_ticket
from badges.codes import build_badge_codes, make_short_code
from convention.api.reading_audit import record_api_read
from convention.api.throttles import consume_rate_limit
from convention.errors import Forbidden
from convention.events.models import Event
from convention.text.normalize import matches_search_words, search_text, split_search_words
from registrations.models import Registration

MAX_FOUND = 20
# While somebody types, a phone asks up to four times a second. A script that collects the list, twenty
# attendees at a time, meets the limit per hour.
MAX_SEARCHES, SEARCH_WINDOW_SECONDS = 120, 60
MAX_SEARCHES_PER_HOUR, HOUR_SECONDS = 600, 3600
MAX_SHORT_CODES, SHORT_CODE_WINDOW_SECONDS = 20, 60
SHORT_CODES_CACHE_SECONDS = 600


class FoundAttendee(NamedTuple):
    """An attendee with a valid badge, as a scanner needs it to scan without the badge's code."""

    registration: str
    key: str
    person: dict[str, object]
    short_code: str = ""


def search_attendees(*, device: Device, query: str) -> list[FoundAttendee]:
    """Return the attendees whose name or company matches every word, at most MAX_FOUND, sorted by name."""
    consume_rate_limit(
        "scanner-search", str(device.pk), limit=MAX_SEARCHES, window_seconds=SEARCH_WINDOW_SECONDS
    )
    consume_rate_limit(
        "scanner-search-hour", str(device.pk), limit=MAX_SEARCHES_PER_HOUR, window_seconds=HOUR_SECONDS
    )
    words = split_search_words(query)
    if not words:
        return []
    record_api_read("attendees.search", token=device, event=device.event)
    rows = Registration.objects.filter(event=device.event).confirmed()
    for word in words:
        # The column has e-mail and reference too, which this search does not tell anybody about.
        rows = rows.filter(search__contains=word)
    names = rows.order_by("sort_name", "pk").values_list("pk", "first_name", "last_name", "company")
    matching = [pk for pk, *texts in names if matches_search_words(words, search_text(" ".join(texts)))]
    return list(describe_attendees(Registration.objects.filter(pk__in=matching[:MAX_FOUND])))


def find_by_short_code(*, device: Device, short_code: str) -> list[FoundAttendee]:
    """Return the attendee with this valid badge; an empty list for any other code."""
    consume_rate_limit(
        "scanner-short-code", str(device.pk), limit=MAX_SHORT_CODES, window_seconds=SHORT_CODE_WINDOW_SECONDS
    )
    record_api_read("attendees.search", token=device, event=device.event)
    reference = load_short_codes(device.event).get(short_code)
    if reference is None:
        return []
    return list(describe_attendees(Registration.objects.filter(event=device.event, reference=reference)))


def list_attendees(*, device: Device) -> list[FoundAttendee]:
    """Return everybody with a valid badge. Raise Forbidden unless a supervisor has the device."""
    if not device.can_override:
        raise Forbidden(_("Only a supervisor’s phone can store the list of names."))
    record_api_read("attendees.read", token=device, event=device.event)
    short_codes = {reference: code for code, reference in load_short_codes(device.event).items()}
    found = describe_attendees(Registration.objects.filter(event=device.event).confirmed())
    return [attendee._replace(short_code=short_codes.get(attendee.registration, "")) for attendee in found]


def load_short_codes(event: Event) -> dict[str, str]:
    """Return the reference of each valid badge by its short code, cached until a registration changes."""
    # Signing ten thousand badges takes half a second.
    key = f"scanner.short-codes:{event.pk}:{event.sequence}"
    return cache.get_or_set(key, lambda: _build_short_codes(event), SHORT_CODES_CACHE_SECONDS) or {}


def _build_short_codes(event: Event) -> dict[str, str]:
    return {make_short_code(code): holder.reference for holder, code in build_badge_codes(event)}


def describe_attendees(rows: QuerySet[Registration]) -> Iterable[FoundAttendee]:
    """Yield the rows, sorted by name, in three queries."""
    entitlements = find_entitlements(rows)
    columns = ("pk", "reference", "first_name", "last_name", "company", "no_photo", "ticket_id")
    found = rows.order_by("sort_name", "pk").values_list(*columns, "ticket__name", "ticket__name_en")
    for pk, reference, first, last, company, no_photo, ticket_id, *names in found:
        person: dict[str, object] = {
            "name": f"{first} {last}".strip(),
            "company": company,
            **describe_ticket(*names),
            "note": "",
            "no_photo": no_photo,
            "ticket_id": ticket_id,
        } | entitlements.get(pk, {})
        yield FoundAttendee(reference, make_registration_key(reference), person)
