"""Create the next version of a visitor list from everybody who is ready."""

import enum
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.codes.encryption import DecryptionFailed, decrypt_value
from convention.errors import ConventionError, NotOpenNow
from registrations.visits.hosts.permissions import find_current_list
from registrations.visits.identity.fields import list_requested_fields
from registrations.visits.identity.identities import get_identity_binding
from registrations.visits.models import Application, Identity, Visit, VisitorList

from .contents import build_content, build_row, decrypt_content, encrypt_content
from .differences import VisitorRow
from .visitors import find_list_readiness


class ListUnchanged(ConventionError):
    """The last version has the same rows."""

    kind = "same-list"
    status = 409


class NoVisitorReady(ConventionError):
    """No visitor is ready for the list."""

    kind = "nobody-ready"
    status = 409


class EmptyVersion(enum.Enum):
    """Whether a later version without any visitor is created; once sent, the host expects nobody."""

    REFUSE = enum.auto()
    CREATE = enum.auto()


@transaction.atomic
def create_list(
    *, visit: Visit, created_by: Person | None = None, if_empty: EmptyVersion = EmptyVersion.REFUSE
) -> VisitorList:
    """Create the next version; incomplete visitors are left out and can be on a later one.

    The first version is never empty, a later one only if `if_empty` says so. Raise NotOpenNow before the
    lock, after the visit or once it is cancelled, NoVisitorReady, ListUnchanged, or DecryptionFailed with the
    names of those whose identity no key decrypts.
    """
    # The row lock serializes versions, so that two never get the same number.
    visit = Visit.objects.select_related("event").select_for_update(of=("self",)).get(pk=visit.pk)
    check_list_allowed(visit)
    requested = [str(field) for field in list_requested_fields(visit)]
    rows = _build_rows(find_list_readiness(visit).ready, requested)
    latest = visit.lists.order_by("-number").first()
    _check_list_needed(rows, latest, if_empty)
    # Compared with the version that the host has; unsent versions in between are skipped.
    last_sent = find_current_list(visit)
    content = build_content(requested, rows, _decrypt_rows(last_sent))
    difference = content.difference
    visitor_list = VisitorList(
        visit=visit,
        number=latest.number + 1 if latest else 1,
        created_by=created_by,
        count=len(rows),
        hash=content.hash,
    )
    if difference:
        visitor_list.added, visitor_list.removed = len(difference.added), len(difference.removed)
        visitor_list.changed = len(difference.changed)
    visitor_list.encrypted_data = encrypt_content(content, visitor_list)
    visitor_list.save()
    record_action("visitor_list.make", visitor_list, event=visit.event, fields=requested)
    return visitor_list


def check_list_allowed(visit: Visit) -> None:
    """Raise NotOpenNow if no list can be created or sent."""
    if visit.cancelled_at or visit.purged_at:
        raise NotOpenNow(
            _("This visit was called off or its identity details were deleted, so there is no longer a list.")
        )
    if visit.locked_at is None:
        raise NotOpenNow(_("Lock the list first: until then, places can still change."))
    if visit.event.is_over():
        raise NotOpenNow(_("The visit is over, so no list is needed."))


def _build_rows(applications: Sequence[Application], requested: Sequence[str]) -> list[VisitorRow]:
    """Return the rows, with only the fields requested now."""
    # Locked, so that a place that ends meanwhile takes its identity out of this version too
    # (`delete_identities`).
    identities = Identity.objects.filter(application__in=applications).order_by("pk").select_for_update()
    by_application = {identity.application_id: identity for identity in identities}
    rows, undecryptable = [], []
    for application in applications:
        identity = by_application.get(application.pk)
        if requested and identity is None:
            # Deleted by a cancellation since the readiness was computed.
            continue
        try:
            data = (
                decrypt_value(identity.encrypted_data, row_label=get_identity_binding(application))
                # Without requested fields the list has names only, and nothing needs a key.
                if identity and requested
                else {}
            )
        except DecryptionFailed:
            # Collected, so that the secretary can ask all of them at once.
            undecryptable.append(str(application.person))
            continue
        rows.append(build_row(application, {name: data[name] for name in requested}))
    if undecryptable:
        sentence = _(
            "The details of these people can no longer be decrypted. Ask them to enter them again: %(names)s."
        )
        raise DecryptionFailed(sentence % {"names": ", ".join(undecryptable)})
    return rows


def _decrypt_rows(version: VisitorList | None) -> list[VisitorRow] | None:
    """Return the rows of a version; None without one, or if no key decrypts it."""
    try:
        return decrypt_content(version).rows if version else None
    # A lost key must not prevent further lists: the next version is created without differences.
    except DecryptionFailed:
        return None


def _check_list_needed(rows: list[VisitorRow], latest: VisitorList | None, if_empty: EmptyVersion) -> None:
    if not rows and latest is None:
        raise NoVisitorReady(_("Nobody is ready for the list yet. See below what is missing."))
    # Checked on the rows of this version: the last visitor may withdraw while the secretary creates it.
    if not rows and if_empty is EmptyVersion.REFUSE:
        raise NoVisitorReady(_("Nobody is ready for the list. Nothing was created."))
    if latest and _decrypt_rows(latest) == rows:
        raise ListUnchanged(
            _("Nothing has changed since version %(number)d. You can send that version again.")
            % {"number": latest.number}
        )
