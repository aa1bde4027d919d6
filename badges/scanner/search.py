"""Find attendees for a scanner whose operator has a name, or the short code of a badge that cannot be read.

A scan-only phone stores encrypted records alone and asks here while it is online. A supervisor's phone may
fetch everybody, for its memory only.
"""

from django.utils.translation import gettext as _

from badges.attendance.models import Device
from badges.attendance.scanning.lookup.attendees import FoundAttendee, describe_attendees
from badges.attendance.scanning.lookup.short_codes import count_try, load_short_codes
from convention.api.reading_audit import record_api_read
from convention.api.throttles import consume_rate_limit
from convention.errors import Forbidden
from convention.text.normalize import matches_search_words, search_text, split_search_words
from registrations.models import Registration

MAX_FOUND = 20
# While somebody types, a phone asks up to four times a second. A script that collects the list, twenty
# attendees at a time, meets the limit per hour.
MAX_SEARCHES, SEARCH_WINDOW_SECONDS = 120, 60
MAX_SEARCHES_PER_HOUR, HOUR_SECONDS = 600, 3600


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
    count_try(device)
    record_api_read("attendees.search", token=device, event=device.event)
    if short_code not in (valid := load_short_codes(device.event)):
        return []
    reference, _version = valid[short_code]
    return list(describe_attendees(Registration.objects.filter(event=device.event, reference=reference)))


def list_attendees(*, device: Device) -> list[FoundAttendee]:
    """Return everybody with a valid badge. Raise Forbidden unless a supervisor has the device."""
    if not device.can_override:
        raise Forbidden(_("Only a supervisor’s phone can store the list of names."))
    record_api_read("attendees.read", token=device, event=device.event)
    short_codes = {reference: code for code, (reference, _version) in load_short_codes(device.event).items()}
    found = describe_attendees(Registration.objects.filter(event=device.event).confirmed())
    return [attendee._replace(short_code=short_codes.get(attendee.registration, "")) for attendee in found]
