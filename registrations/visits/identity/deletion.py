"""Delete identities at once, also from stored visitor lists: names, checksums and counts remain."""

from collections.abc import Collection
from typing import Any

from django.db import transaction

from convention.audit.record import record_action
from convention.codes.encryption import (
    DecryptionFailed,
    MissingEncryptionKey,
    decrypt_value,
    encrypt_value,
)
from convention.events.models import Event
from registrations.models import Registration
from registrations.visits.models import Application, Identity, VisitorList


def delete_identities_of_cancelled(registrations: Collection[Registration]) -> None:
    """Delete the identities of visitors whose registrations are cancelled, in the caller's transaction."""
    visitors = [row.pk for row in registrations if row.event.kind == Event.Kind.SITE_VISIT]
    if visitors:
        applications = Application.objects.filter(registration__in=visitors)
        delete_identities(application_ids=set(applications.order_by().values_list("pk", flat=True)))


def delete_identity_of_former_attendee(registration: Registration) -> None:
    """Delete the identity of a visitor whose place another person gets, in the caller's transaction."""
    delete_identities_of_cancelled([registration])


@transaction.atomic
def delete_identities(*, application_ids: Collection[int], verb: str = "identity.remove") -> int:
    """Delete what is stored of the identities of these applications; return how many had any.

    Each deletion is recorded as `verb` in the audit trail.
    """
    identities = Identity.objects.filter(application__in=application_ids)
    found_ids = set(identities.order_by().values_list("application", flat=True))
    # Identities before lists: this waits for a version that is being created from them (`create_list`
    # locks them), and the lists read afterwards include it.
    identities.delete()
    visits = Application.objects.filter(pk__in=application_ids).values("visit")
    lists = VisitorList.objects.filter(visit__in=visits, encrypted_data__isnull=False).order_by("pk")
    for visitor_list in lists.select_for_update(of=("self",)):
        found_ids |= _remove_from_list(visitor_list, application_ids)
    applications = Application.objects.filter(pk__in=found_ids).select_related("visit__event").order_by("pk")
    for application in applications:
        record_action(verb, application, event=application.visit.event)
    return len(found_ids)


def _remove_from_list(visitor_list: VisitorList, application_ids: Collection[int]) -> set[int]:
    """Empty the identities of these visitors in one version; return the ids of those that had one.

    The stored checksum stays: it proves what was sent.
    """
    label = visitor_list.encryption_label
    try:
        content: dict[str, Any] = decrypt_value(visitor_list.encrypted_data or b"", row_label=label)
    # Nobody can read such a list either; a lost key must not prevent a cancellation.
    except (DecryptionFailed, MissingEncryptionKey):
        return set()
    removed_ids = set()
    for row in [*content["rows"], *(content["previous_rows"] or [])]:
        if row["key"] in application_ids and row["identity"]:
            row["identity"] = {}
            removed_ids.add(row["key"])
    if removed_ids:
        visitor_list.encrypted_data = encrypt_value(content, row_label=label)
        visitor_list.save(update_fields=["encrypted_data"])
    return removed_ids
