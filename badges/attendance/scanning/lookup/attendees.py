"""Describe attendees to a device that has no code to decrypt their records with."""

import dataclasses
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from badges.attendance.entitlements import find_entitlements
from convention import hooks
from registrations.models import Registration

from ..batch import ScanResult
from ..record_encryption import make_registration_key
from ..scan_input import InvalidScan, ScanInput
from ..snapshot import describe_ticket
from .found_attendee import FoundAttendee
from .short_codes import is_short_code


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


def add_typed_attendees(
    scans: Sequence[ScanInput | InvalidScan], results: Sequence[ScanResult]
) -> list[ScanResult]:
    """Add the attendee to the results of typed short codes, whose records the device cannot decrypt."""
    typed = {
        result.holder.pk: None
        for scan, result in zip(scans, results, strict=True)
        if isinstance(scan, ScanInput) and is_short_code(scan.code) and result.holder
    }
    if not typed:
        return list(results)
    rows = Registration.objects.filter(pk__in=typed)
    by_reference = {attendee.registration: attendee for attendee in describe_attendees(rows)}
    attendees = {pk: by_reference[reference] for pk, reference in rows.values_list("pk", "reference")}
    return [
        dataclasses.replace(result, attendee=attendees.get(result.holder.pk))
        if isinstance(scan, ScanInput) and is_short_code(scan.code) and result.holder
        else result
        for scan, result in zip(scans, results, strict=True)
    ]
