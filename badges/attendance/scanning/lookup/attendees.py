"""Describe attendees to a device that has no code to decrypt their records with."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet
from rest_framework import serializers

from badges.attendance.entitlements import find_entitlements
from convention import hooks
from registrations.models import Registration

from ..record_encryption import make_registration_key
from ..snapshot import PERSON_COLUMNS, make_person_record

# For the API's description.
FOUND_ATTENDEE_EXAMPLE: Final = {
    "registration": "K3VQ7M2XPA9TB",
    "key": "0f1e2d3c4b5a6978",
    "person": {
        "name": "Zoé Müller",
        "company": "Acme",
        "ticket": "Adhérent",
        "note": "",
        "no_photo": False,
        "ticket_id": 3,
    },
    "short_code": "",
}


class FoundAttendee(NamedTuple):
    """An attendee, as a scanner needs it to scan without the badge's code."""

    registration: str
    key: str
    person: dict[str, object]
    short_code: str = ""


class FoundPersonResponse(serializers.Serializer[Any]):
    """The record that a badge's code would have decrypted."""

    name = serializers.CharField()
    company = serializers.CharField()
    ticket = serializers.CharField()
    ticket_en = serializers.CharField(required=False)
    note = serializers.CharField(help_text="The desk’s note for the staff, or empty.")
    no_photo = serializers.BooleanField(help_text="Whether the attendee refused photographs.")
    to_pay = serializers.BooleanField(
        required=False, help_text="True if the order has something to pay now; invoices are paid later."
    )
    ticket_id = serializers.IntegerField()
    sessions = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="The ids of booked sessions, if there are any.",
    )
    addons = serializers.ListField(
        child=serializers.IntegerField(), required=False, help_text="The ids of add-ons, if there are any."
    )


class FoundAttendeeResponse(serializers.Serializer[Any]):
    """An attendee with a valid badge; for a typed short code, also one whose badge with it was replaced."""

    registration = serializers.CharField(help_text="For the scan, instead of a code.")
    key = serializers.CharField(help_text="As in the snapshot.")
    person = FoundPersonResponse()
    short_code = serializers.CharField(help_text="Empty but in a supervisor’s list.")


def describe_attendees(rows: QuerySet[Registration]) -> Iterable[FoundAttendee]:
    """Yield the rows, sorted by name, in five queries."""
    entitlements, remarks = find_entitlements(rows), hooks.badge_remarks.provider()(rows)
    found = rows.order_by("sort_name", "pk").values_list("pk", "reference", *PERSON_COLUMNS)
    for pk, reference, *columns in found:
        person = make_person_record(columns, entitlements.get(pk, {}), remarks.get(pk, {}))
        yield FoundAttendee(reference, make_registration_key(reference), person)
