"""Lock the list of visitors, by hand or at the deadline; no place is offered to the waiting list any more."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import NotOpenNow
from registrations.visits.applications.apply import get_advisory_lock_name
from registrations.visits.applications.notifications import notify_applicant
from registrations.visits.dates import find_length_problem
from registrations.visits.models import Application, Visit
from registrations.visits.preconditions import lock_visit_row
from registrations.waiting_list.end_waiting import end_ticket_offers
from registrations.waiting_list.offers import offer_free_event_places

from .send import revoke_all_links


@transaction.atomic
def lock_list(*, visit: Visit) -> Visit:
    """Lock the list: registration closes, open offers end, and everybody still waiting is notified.

    Applicants with an open offer wait again, in their former position.

    Raise NotOpenNow if the visit is not published, locked already, or longer than allowed.
    """
    # Waits for applicants in flight, who hold the lock shared, so that nobody slips onto a locked list.
    acquire_advisory_lock(get_advisory_lock_name(visit))
    visit = lock_visit_row(visit)
    if visit.locked_at or visit.state not in (Visit.State.PUBLISHED, Visit.State.CLOSED):
        raise NotOpenNow(_("This list is already locked, or the visit is not open to members yet."))
    # The identities of a visit of weeks would be stored for weeks: the dates have to be corrected first.
    if sentence := find_length_problem(visit.event.starts_at, visit.event.ends_at):
        raise NotOpenNow(sentence)
    now = timezone.now()
    # Saved before the offers end, so that their places are not offered to the next in the list.
    visit.locked_at = now
    visit.save(update_fields=["locked_at"])
    record_action("visit.lock", visit, event=visit.event, fields=["locked_at"])
    end_ticket_offers(event=visit.event, at=now)
    for pk in (
        Application.objects.still_valid().filter(visit=visit, registration=None).values_list("pk", flat=True)
    ):
        notify_applicant.enqueue(pk)
    return visit


@transaction.atomic
def unlock_list(*, visit: Visit) -> Visit:
    """Unlock a list that was locked by hand, before its deadline and as long as it was not sent.

    Free places are offered to the waiting list. Queued mails with a list are cancelled. Raise NotOpenNow.
    """
    visit = lock_visit_row(visit)
    # Emptied first, since `locks_at` returns `locked_at` while it is set.
    locked_at, visit.locked_at = visit.locked_at, None
    if locked_at is None or visit.sent_at or visit.locks_at <= timezone.now():
        raise NotOpenNow(_("The lock date has passed or the host already has the list, so it stays locked."))
    visit.save(update_fields=["locked_at"])
    # Before members can apply again, so that none of them overtakes those who wait. Tickets are locked before
    # lists, as in cancellations.
    offer_free_event_places(visit.event)
    # A mail that waits for the worker would send a list that is not locked.
    revoke_all_links(visit, at=timezone.now())
    record_action("visit.unlock", visit, event=visit.event, fields=["locked_at"])
    return visit


def lock_due_lists() -> None:
    """Periodic job: lock every list whose deadline has passed, each in its own transaction."""
    now = timezone.now()
    visits = Visit.objects.published().filter(locked_at__isnull=True, event__ends_at__gt=now)
    for visit in visits.select_related("event").order_by("pk"):
        if visit.locks_at <= now:
            _lock_if_open(visit)


def _lock_if_open(visit: Visit) -> None:
    """Lock the list, unless somebody has locked it by hand at the same moment."""
    try:
        lock_list(visit=visit)
    except NotOpenNow:
        return
