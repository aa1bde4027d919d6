"""Veto: the host does not receive somebody. No reason is asked, kept or told."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import Closed

from ..cancel import cancel_keeping
from ..leave_waiting import leave_waiting
from ..models import Registration, WaitingEntry
from .models import Application, HostContact, Identity, Visit
from .refusals import refuse_called_off
from .tell_word import tell_club, tell_refused

IN_LINE = (WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED)


@transaction.atomic
def veto(*, application: Application, by: HostContact | None = None) -> Application:
    """End an application on the host's word: the place is free, the identity is removed, the person is told.

    A replacement that waits for the host is refused the same way; whoever it would replace keeps the place.
    Raises Closed where the application ended already, or once the visit has begun.
    """
    visit = Visit.objects.select_related("event").select_for_update(of=("self",)).get(pk=application.visit_id)
    rows = Application.objects.standing().select_related("registration__order", "waiting")
    found = rows.select_for_update(of=("self",)).filter(pk=application.pk).first()
    if found is None:
        raise Closed(_("This person does not come any more."))
    refuse_if_begun(visit)
    now = timezone.now()
    found.host_refused_at = now
    found.save(update_fields=["host_refused_at"])
    Identity.objects.filter(application=found).delete()
    record(
        "application.veto",
        found,
        event=visit.event,
        fields=["host_refused_at"],
        reason=f"host contact #{by.pk}" if by else "",
    )
    _free(found)
    tell_refused.enqueue(found.pk)
    if by:
        tell_club.enqueue(found.pk)
    return found


def _free(application: Application) -> None:
    """The place, or the place in the line."""
    reason = _("the host does not receive this person")
    if application.registration:
        give_up_place(application.registration, reason=reason)
    elif application.waiting and application.waiting.state in IN_LINE:
        leave_waiting(entry=application.waiting, reason=reason)


def was_vetoed(visit: Visit, person: Person) -> bool:
    """Whether the host has said that it does not receive this person: that holds for any later wish."""
    return Application.objects.filter(visit=visit, person=person, host_refused_at__isnull=False).exists()


def refuse_if_begun(visit: Visit) -> None:
    """Raises Closed once the visit has begun, or was called off."""
    refuse_called_off(visit)
    if visit.event.starts_at <= timezone.now():
        raise Closed(_("The visit has begun: who comes is decided at the gate."))


def give_up_place(registration: Registration, *, reason: str) -> None:
    """Cancel it for the host's sake: all that was paid comes back, and the mail speaks of the visit."""
    if registration.cancelled_at is None:
        cancel_keeping(registration=registration, kept=0, reason=reason)
        Registration.objects.filter(pk=registration.pk).update(cancellation_sent_at=timezone.now())
