"""Replace: after the lock a place changes hands by name only, and only with the host's word."""

import dataclasses
import datetime

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.addresses import having
from convention.audit.record import record
from convention.club.models import Person, Seat
from convention.errors import Closed, InvalidFields

from ..leave_waiting import leave_waiting
from .eligibility import candidate_for, in_words, objections, seat_on_the_day
from .models import Application, HostContact, Identity, Visit
from .place import give_place
from .refusals import NotEligible
from .tell_applicant import tell_applicant
from .tell_word import ask_host, tell_club
from .veto import give_up_place, refuse_if_begun, was_vetoed


def propose_by_address(*, application: Application, email: str) -> Application:
    """The same as `propose_replacement` for whoever the club knows by that address."""
    known = having(Person.objects.filter(is_active=True), email.strip())
    if not known:
        raise _wrong(_("The club knows nobody with this address: ask for the one they sign in with."))
    return propose_replacement(application=application, by=known[0])


@transaction.atomic
def propose_replacement(*, application: Application, by: Person) -> Application:
    """Name who shall come instead of somebody on a locked visit, and ask the host.

    Whoever is replaced keeps the place until the host agrees; a place that was given up after the lock is
    filled the same way, once. Whoever is named waits no more. Raises Closed before the lock (until then the
    waiting list serves), for a place that was given up before it or filled already, and once the visit has
    begun, InvalidFields for somebody who cannot come.
    """
    visit = _locked(application)
    replaced = Application.objects.select_related("registration").get(pk=application.pk)
    _refuse_not_now(visit, replaced)
    Person.objects.select_for_update().get(pk=by.pk)  # one wish of a person at a time, here and elsewhere
    _end_wait(visit, by)
    if was_vetoed(visit, by):
        raise _wrong(_("The host does not receive this person: name somebody else."))
    seat = _seat(visit, replaced, by)
    Application.objects.standing().filter(visit=visit, person=by).update(withdrawn_at=timezone.now())
    made = Application.objects.create(
        visit=visit, person=by, company=seat.membership.company, replaces=replaced
    )
    record("application.replace", made, event=visit.event, fields=["person", "replaces"])
    ask_host.enqueue(made.pk)
    return made


@transaction.atomic
def approve_replacement(*, application: Application, by: HostContact | None = None) -> Application:
    """The host's yes: whoever was replaced loses the place, and the named person has it from now on.

    They agree to confidentiality and say who they are like everybody; a next version of the list names them.
    Raises Closed where nothing waits for a word or the visit has begun, NotEligible, SoldOut, CompanyFull.
    """
    visit = _locked(application)
    refuse_if_begun(visit)
    rows = Application.objects.standing().select_related("person").select_for_update(of=("self",))
    made = rows.filter(pk=application.pk, replaces__isnull=False, registration=None).first()
    if made is None or made.person is None or made.replaces_id is None:
        raise Closed(_("Nothing is waiting for an answer here any more."))
    made.visit = visit
    replaced = Application.objects.select_related("registration__order", "person").get(pk=made.replaces_id)
    seat = _seat_now(visit, made.person)
    _end(visit, replaced)
    made.host_approved_at = timezone.now()
    give_place(application=made, seat=seat, as_of=_first_asked(replaced))
    made.save(update_fields=["host_approved_at", "registration"])
    record(
        "application.approve",
        made,
        event=visit.event,
        fields=["host_approved_at"],
        reason=f"host contact #{by.pk}" if by else "",
    )
    if by:
        tell_club.enqueue(made.pk)
    return made


def _first_asked(replaced: Application) -> datetime.datetime:
    """When the place was asked for first, by whoever had it before any replacement."""
    while replaced.replaces:
        replaced = replaced.replaces
    return replaced.applied_at


def _locked(application: Application) -> Visit:
    visits = Visit.objects.select_related("event__host").select_for_update(of=("self",))
    return visits.get(pk=application.visit_id)


def _refuse_not_now(visit: Visit, replaced: Application) -> None:
    refuse_if_begun(visit)
    if visit.locked_at is None:
        raise Closed(_("Until the list is locked, the waiting list fills each place that becomes free."))
    if replaced.registration is None:
        raise Closed(_("There is no place to hand on here: this person never had one."))
    given_up = replaced.registration.cancelled_at
    if given_up and given_up < visit.locked_at:
        raise Closed(_("This place was given up before the lock: the waiting list had it."))
    if Application.objects.of_place(replaced).exists():
        raise Closed(_("Somebody was named for this place already: look at theirs in the list."))


def _end_wait(visit: Visit, by: Person) -> None:
    """End a wait that the lock left without hope. Raises InvalidFields for whoever comes, or is named."""
    found = Application.objects.alive().filter(visit=visit, person=by).select_related("waiting").first()
    if found is None:
        return
    if found.registration_id or found.waiting is None:
        raise _wrong(_("This person comes already, or is named for a place on this visit."))
    leave_waiting(entry=found.waiting, reason=_("named for a place after the lock"))


def _seat(visit: Visit, replaced: Application, by: Person) -> Seat:
    """The seat of who shall come; the place of the one replaced counts as free. Raises InvalidFields."""
    seat = seat_on_the_day(visit, by)
    candidate = candidate_for(visit, by, seat)
    still_has = replaced.registration is not None and replaced.registration.cancelled_at is None
    if (
        candidate.left is not None
        and seat
        and still_has
        and seat.membership.company_id == replaced.company_id
    ):
        candidate = dataclasses.replace(candidate, left=candidate.left + 1)
    codes = objections(candidate)
    if codes or seat is None:
        raise _wrong(*in_words(visit, codes))
    return seat


def _seat_now(visit: Visit, person: Person) -> Seat:
    """The seat on the day, looked at again when the host agrees. Raises NotEligible."""
    seat = seat_on_the_day(visit, person)
    alone = dataclasses.replace(candidate_for(visit, person, seat), left=None)
    codes = objections(alone)
    if codes or seat is None:
        raise NotEligible(in_words(visit, codes))
    return seat


def _end(visit: Visit, replaced: Application) -> None:
    """Take the place of whoever is replaced, and what they had told of themselves; they are told so."""
    reason = _("replaced with the host’s agreement")
    place = replaced.registration
    had_place = place is not None and place.cancelled_at is None
    standing = Application.objects.standing().filter(pk=replaced.pk)
    because = _told_to(replaced) if had_place else ""
    if standing.update(withdrawn_at=timezone.now(), listed_at=None, ended_because=because):
        fields = ["withdrawn_at", "ended_because"]
        record("visit.withdraw", replaced, event=visit.event, fields=fields, reason=reason)
        tell_applicant.enqueue(replaced.pk)
    Identity.objects.filter(application=replaced).delete()
    if place:
        give_up_place(place, reason=reason)


def _told_to(replaced: Application) -> str:
    """What whoever is replaced reads, in their language."""
    with translation.override(replaced.person.language if replaced.person else None):
        return _("somebody else comes in your place, with the host’s agreement.")


def _wrong(*sentences: str) -> InvalidFields:
    return InvalidFields(_("Some fields need another look."), {"email": list(sentences)})
