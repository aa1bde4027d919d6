"""Find attendees by name for a scanner, where a badge is missing or cannot be read.

A scan-only phone stores encrypted records only, and searches here while it is online. A supervisor's phone
may fetch all names, but only into memory.
"""

from django.utils.translation import gettext as _

from badges.attendance.models import Device
from badges.attendance.scanning.lookup.attendees import FoundAttendee, describe_attendees
from badges.attendance.scanning.lookup.short_codes import load_short_codes
from convention.api.reading_audit import record_api_read
from convention.api.throttles import consume_rate_limit
from convention.errors import Forbidden
from convention.text.normalize import matches_search_words, search_text, split_search_words
from registrations.models import Registration

MAX_FOUND = 20
# A phone searches up to four times a second while somebody types, and where the camera is broken, for every
# attendee. The limit cannot stop a script that collects the list; it shows in the audit trail.
MAX_SEARCHES, SEARCH_WINDOW_SECONDS = 120, 60


def search_attendees(*, device: Device, query: str) -> list[FoundAttendee]:
    """Return the attendees whose name or company matches every word, at most MAX_FOUND, sorted by name."""
    consume_rate_limit(
        "scanner-search", str(device.pk), limit=MAX_SEARCHES, window_seconds=SEARCH_WINDOW_SECONDS
    )
    words = split_search_words(query)
    if not words:
        return []
    record_api_read("attendees.search", token=device, event=device.event)
    rows = Registration.objects.filter(event=device.event).confirmed()
    for word in words:
        # The column has e-mail and reference too, so the names alone are compared again below.
        rows = rows.filter(search__contains=word)
    names = rows.order_by("sort_name", "pk").values_list("pk", "first_name", "last_name", "company")
    matching = [pk for pk, *texts in names if matches_search_words(words, search_text(" ".join(texts)))]
    return list(describe_attendees(Registration.objects.filter(pk__in=matching[:MAX_FOUND])))


def list_attendees(*, device: Device) -> list[FoundAttendee]:
    """Return all attendees with a valid badge. Raise Forbidden unless a supervisor has the device."""
    if not device.can_override:
        raise Forbidden(_("Only a supervisor’s phone can store the list of names."))
    record_api_read("attendees.read", token=device, event=device.event)
    short_codes = {reference: code for code, (reference, _version) in load_short_codes(device.event).items()}
    found = describe_attendees(Registration.objects.filter(event=device.event).confirmed())
    return [attendee._replace(short_code=short_codes.get(attendee.registration, "")) for attendee in found]
