"""Open a list for the host and acknowledge its receipt."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import InvalidFields, NotOpenNow
from convention.text.normalize import normalize_whitespace
from registrations.visits.models import HostContact, VisitorList

from .contents import ListContent, read_list


@transaction.atomic
def open_list(*, visitor_list: VisitorList, contact: HostContact | None = None) -> ListContent:
    """Return the decrypted rows for the host; record the reading, and the time of the first one."""
    content = read_list(visitor_list=visitor_list, contact=contact, through="link")
    # Conditional, so that only the first opening is stored.
    unopened = VisitorList.objects.filter(pk=visitor_list.pk, opened_at=None)
    unopened.update(opened_at=timezone.now())
    return content


@transaction.atomic
def acknowledge_list(
    *, visitor_list: VisitorList, name: str, contact: HostContact | None = None
) -> VisitorList:
    """Record who at the host received this version; only the first acknowledgement counts.

    Raise InvalidFields without a name, NotOpenNow for a version that was never sent or was replaced.
    """
    locked = VisitorList.objects.select_for_update(of=("self",)).get(pk=visitor_list.pk)
    name = normalize_whitespace(name)[:300]
    if not name:
        raise InvalidFields(_("Some fields need to be corrected."), {"name": [_("Enter your name.")]})
    # Only the latest sent version is used at the gate, so only that one can be acknowledged.
    check_not_replaced(locked)
    # A second colleague who clicks too must not replace the first name.
    if locked.acknowledged_at is None:
        locked.acknowledged_at, locked.acknowledged_by = timezone.now(), name
        locked.save(update_fields=["acknowledged_at", "acknowledged_by"])
        record_action(
            "visitor_list.acknowledge",
            locked,
            event=visitor_list.visit.event,
            fields=["acknowledged_by"],
            reason=f"host contact #{contact.pk}" if contact else "link",
        )
    return locked


def check_not_replaced(visitor_list: VisitorList) -> None:
    """Raise NotOpenNow unless this is the last version that was sent."""
    newer = VisitorList.objects.filter(
        visit=visitor_list.visit_id, number__gt=visitor_list.number, sent_at__isnull=False
    )
    if visitor_list.sent_at is None or newer.exists():
        raise NotOpenNow(_("This list is out of date: a newer version has been sent."))
