"""The host's veto. No reason is asked for, stored or given."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import NotOpenNow
from registrations.models import WaitingEntry
from registrations.visits.models import Application, HostContact, Visit
from registrations.visits.preconditions import check_not_cancelled, has_begun
from registrations.waiting_list.end_waiting import leave_waiting_list

from .decision_notifications import notify_refused_visitor, queue_decision_mails
from .places import cancel_place_without_fee

WAITING_STATES = (WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED)


@transaction.atomic
def veto_application(*, application: Application, contact: HostContact | None = None) -> Application:
    """End an application for the host: release the place, delete the identity and notify the person.

    `contact` is the host's contact who decided, None if the secretary entered it. Vetoing a proposed visitor
    changes no place. Raise NotOpenNow if the application has ended or the visit has begun.
    """
    # Visit before application: the lock order of all decisions about visitors, replacements included.
    visit = Visit.objects.select_related("event").select_for_update(of=("self",)).get(pk=application.visit_id)
    rows = Application.objects.active().select_related("registration__order", "waiting_entry")
    vetoed = rows.select_for_update(of=("self",)).filter(pk=application.pk).first()
    if vetoed is None:
        raise NotOpenNow(_("This person is no longer coming."))
    check_not_begun(visit)
    now = timezone.now()
    vetoed.host_refused_at = now
    vetoed.save(update_fields=["host_refused_at"])
    record_action(
        "application.veto",
        vetoed,
        event=visit.event,
        fields=["host_refused_at"],
        reason=f"host contact #{contact.pk}" if contact else "",
    )
    # Cancelling the place deletes the identity (`identity/deletion.py`).
    _release_place(vetoed)
    notify_refused_visitor.enqueue(vetoed.pk)
    # The secretary who enters a veto needs no mail about it.
    if contact:
        queue_decision_mails(vetoed)
    return vetoed


def _release_place(application: Application) -> None:
    reason = _("declined by the host")
    if application.registration:
        cancel_place_without_fee(application.registration, reason=reason)
    elif application.waiting_entry and application.waiting_entry.state in WAITING_STATES:
        leave_waiting_list(entry=application.waiting_entry, reason=reason)


def was_vetoed(visit: Visit, person: Person) -> bool:
    """Return whether the host vetoed this person; a veto also blocks later applications."""
    return Application.objects.filter(visit=visit, person=person, host_refused_at__isnull=False).exists()


def check_not_begun(visit: Visit) -> None:
    """Raise NotOpenNow if the visit has begun or was cancelled."""
    check_not_cancelled(visit)
    if has_begun(visit, at=timezone.now()):
        raise NotOpenNow(_("The visit has started. Changes are now made at the gate."))
