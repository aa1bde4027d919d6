"""An attendee without the badge's code: found by name, or by the short code that was typed."""

from typing import Any, NamedTuple

from rest_framework import serializers


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
    """An attendee with a valid badge."""

    registration = serializers.CharField(help_text="For the scan, instead of a code.")
    key = serializers.CharField(help_text="As in the snapshot.")
    person = FoundPersonResponse()
    short_code = serializers.CharField(help_text="Empty but in a supervisor’s list.")
