"""Delete identities, list rows and links a week after a visit; hashes, counts and the audit trail remain."""

import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from convention.audit.record import record_action
from registrations.visits.models import Application, HostLink, Identity, Visit, VisitorList
from registrations.visits.models.applications import ACTIVE_CONDITION

from .deletion import delete_identities

# The period that forms and documentation promise to visitors (storage limitation, GDPR, article 5(1)(e)).
RETENTION_PERIOD = datetime.timedelta(days=7)


def purge_due_data() -> None:
    """Periodic job: purge visits that are due, identities of those who do not come, and expired links."""
    # Each visit in its own transaction: a failure leaves the others purged.
    for visit in list_visits_to_purge(at=timezone.now()):
        purge_visit(visit=visit)
    delete_unneeded_identities()
    delete_expired_links(at=timezone.now())


def compute_purge_time(visit: Visit) -> datetime.datetime:
    """Return when the visitors' data of a visit that takes place are due to be deleted."""
    return visit.event.ends_at + RETENTION_PERIOD


def list_visits_to_purge(*, at: datetime.datetime) -> list[Visit]:
    """Return the visits to purge at `at`: `RETENTION_PERIOD` after their end, or at once when cancelled."""
    # A cancelled visit has no purpose for the data any more, so there is no delay.
    ended = Q(event__ends_at__lte=at - RETENTION_PERIOD) | Q(cancelled_at__isnull=False)
    return list(Visit.objects.filter(ended, purged_at=None).select_related("event").order_by("pk"))


@transaction.atomic
def purge_visit(*, visit: Visit) -> Visit:
    """Delete identities, the rows of all lists and all links of a visit. Running it again changes nothing."""
    visit = Visit.objects.select_related("event").select_for_update(of=("self",)).get(pk=visit.pk)
    # Checked again under the lock: two workers may run the job at the same time.
    if visit.purged_at:
        return visit
    identities = Identity.objects.filter(application__visit=visit)
    deleted_count, _kinds = identities.delete()
    # The rows stay for their hash and counts, which prove what was sent.
    lists = VisitorList.objects.filter(visit=visit, encrypted_data__isnull=False)
    blanked_count = lists.update(encrypted_data=None, link_hash="", link_expires_at=None)
    HostLink.objects.filter(contact__visit=visit).delete()
    visit.purged_at = timezone.now()
    visit.save(update_fields=["purged_at"])
    record_action(
        "visit.purge",
        visit,
        event=visit.event,
        fields=["identities", "lists"],
        reason=f"{deleted_count} identities, {blanked_count} lists",
    )
    return visit


def delete_unneeded_identities() -> int:
    """Delete what remains of the identities of those without a place, also on lists; return their number.

    A place that ends deletes them at once; this finds what was left, for example by a merge of registrations.
    """
    has_data = Q(identity__isnull=False) | Q(visit__lists__encrypted_data__isnull=False)
    has_no_place = Q(registration__isnull=True) | Q(registration__cancelled_at__isnull=False)
    ended = Application.objects.filter(~ACTIVE_CONDITION | has_no_place, has_data)
    return delete_identities(application_ids=set(ended.order_by().values_list("pk", flat=True)))


def delete_expired_links(*, at: datetime.datetime) -> None:
    HostLink.objects.filter(expires_at__lt=at - datetime.timedelta(days=1)).delete()
