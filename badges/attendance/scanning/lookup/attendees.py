"""Describe attendees to a device that has no code to decrypt their records with."""

from collections.abc import Iterable

from django.db.models import QuerySet

from badges.attendance.entitlements import find_entitlements
from convention import hooks
from registrations.models import Registration

from ..record_encryption import make_registration_key
from ..snapshot import describe_ticket
from .found_attendee import FoundAttendee


def describe_attendees(rows: QuerySet[Registration]) -> Iterable[FoundAttendee]:
    """Yield the rows, sorted by name, in five queries."""
    entitlements, remarks = find_entitlements(rows), hooks.badge_remarks.provider()(rows)
    columns = ("pk", "reference", "first_name", "last_name", "company", "no_photo", "ticket_id")
    found = rows.order_by("sort_name", "pk").values_list(*columns, "ticket__name", "ticket__name_en")
    for pk, reference, first, last, company, no_photo, ticket_id, *names in found:
        person: dict[str, object] = (
            {
                "name": f"{first} {last}".strip(),
                "company": company,
                **describe_ticket(*names),
                "note": "",
                "no_photo": no_photo,
                "ticket_id": ticket_id,
            }
            | entitlements.get(pk, {})
            | remarks.get(pk, {})
        )
        yield FoundAttendee(reference, make_registration_key(reference), person)
