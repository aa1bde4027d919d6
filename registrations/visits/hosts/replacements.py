"""Replacements and additional visitors: after the lock a place can only go to a named person.

The host approves each of them.
"""

import dataclasses
import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person, Seat
from convention.errors import InvalidFields, NotOpenNow
from convention.text.email_addresses import filter_by_email
from registrations.visits.applications.decision_notifications import (
    notify_host_of_proposal,
    queue_decision_mails,
)
from registrations.visits.applications.eligibility import (
    build_candidate,
    describe_objections_to,
    find_objections,
    find_seat_on_visit_day,
    get_member_ticket,
)
from registrations.visits.applications.notifications import notify_applicant
from registrations.visits.applications.places import cancel_place_without_fee, give_place
from registrations.visits.applications.veto import check_not_begun, was_vetoed
from registrations.visits.models import Application, HostContact, Visit
from registrations.visits.preconditions import NotEligible
from registrations.waiting_list.end_waiting import leave_waiting_list

from .permissions import list_proposed_visitors


def propose_replacement_by_email(*, application: Application, email: str) -> Application:
    """Propose the member with this address, see `propose_replacement`. Raise InvalidFields if unknown."""
    return propose_replacement(application=application, replacement=_get_person_by_email(email))


def propose_additional_visitor_by_email(*, visit: Visit, email: str) -> Application:
    """Propose the member with this address, see `propose_additional_visitor`.

    Raise InvalidFields if unknown.
    """
    return propose_additional_visitor(visit=visit, person=_get_person_by_email(email))


def _get_person_by_email(email: str) -> Person:
    people = filter_by_email(Person.objects.filter(is_active=True), email.strip())
    if not people:
        raise _make_email_error(
            _("We don’t know anyone with this address. Ask for the one they sign in with.")
        )
    return people[0]


@transaction.atomic
def propose_replacement(*, application: Application, replacement: Person) -> Application:
    """Propose a replacement for a visitor of a locked visit, and ask the host to approve.

    The visitor keeps the place until the approval; a place given up after the lock is filled the same way,
    once. The replacement leaves the waiting list. Raise NotOpenNow before the lock (the waiting list works
    until then), for a place given up earlier or filled already, and once the visit has begun; InvalidFields
    if the replacement may not come.
    """
    visit = _lock_visit(application.visit_id)
    replaced = Application.objects.select_related("registration").get(pk=application.pk)
    # All decisions about a visit are serialized by its row lock: only one replacement is named at a time.
    _check_replaceable(visit, replaced)
    return _propose_visitor(visit, replacement, replaced=replaced)


@transaction.atomic
def propose_additional_visitor(*, visit: Visit, person: Person) -> Application:
    """Propose a member for a free place of a locked visit, and ask the host to approve.

    They leave the waiting list. Raise NotOpenNow before the lock, once the visit has begun and without a free
    place; InvalidFields if the person may not come.
    """
    visit = _lock_visit(visit.pk)
    check_not_begun(visit)
    if visit.locked_at is None:
        raise NotOpenNow(_("Until the list is locked, free places go to the waiting list."))
    _check_free_place(visit)
    return _propose_visitor(visit, person, replaced=None)


def _check_free_place(visit: Visit) -> None:
    if not has_free_place(visit):
        raise NotOpenNow(
            _("All places are taken or proposed to the host for other people. Replace a visitor instead.")
        )


def has_free_place(visit: Visit) -> bool:
    """Return whether a place is neither taken nor meant for somebody that the host has yet to approve."""
    ticket = get_member_ticket(visit)
    if ticket is None:
        return False
    if ticket.remaining is None:
        return True
    # The others take over a place that still has its holder.
    needs_free_place = Q(replaces=None) | Q(replaces__registration__cancelled_at__isnull=False)
    return ticket.remaining > list_proposed_visitors(visit).filter(needs_free_place).count()


def _propose_visitor(visit: Visit, person: Person, *, replaced: Application | None) -> Application:
    """Store the proposal and ask the host. Raise InvalidFields if the person may not come."""
    # One application of a person at a time, across visits too: overlapping visits exclude each other.
    Person.objects.select_for_update().get(pk=person.pk)
    _end_waiting(visit, person)
    if was_vetoed(visit, person):
        raise _make_email_error(_("The host has declined this person. Name someone else."))
    seat = _get_eligible_seat(visit, person, replaced)
    # An application whose place was cancelled is still active; the unique index would refuse a second one.
    # The same time for both: `find_states` tells a person who was named from one who withdrew.
    named_at = timezone.now()
    Application.objects.active().filter(visit=visit, person=person).update(withdrawn_at=named_at)
    proposal = Application.objects.create(
        visit=visit,
        person=person,
        company=seat.membership.company,
        replaces=replaced,
        applied_at=named_at,
        proposed_at=named_at,
    )
    verb = "application.replace" if replaced else "application.propose"
    fields = ["person", "replaces"] if replaced else ["person"]
    record_action(verb, proposal, event=visit.event, fields=fields)
    notify_host_of_proposal.enqueue(proposal.pk)
    return proposal


@transaction.atomic
def approve_visitor(*, application: Application, contact: HostContact | None = None) -> Application:
    """Give the place to the proposed visitor, and take it from its holder if they replace somebody.

    The visitor still has to accept the confidentiality terms and give their identity; the next version of
    the list names them. `contact` is the host's contact, None if the secretary entered the approval. Raise
    NotOpenNow if nothing is pending or the visit has begun, NotEligible, SoldOut, CompanyFull.
    """
    visit = _lock_visit(application.visit_id)
    check_not_begun(visit)
    rows = Application.objects.active().select_related("person").select_for_update(of=("self",))
    approved = rows.filter(pk=application.pk, proposed_at__isnull=False, registration=None).first()
    if approved is None or approved.person is None:
        raise NotOpenNow(_("There is nothing left to answer here."))
    approved.visit = visit
    replaced_rows = Application.objects.select_related("registration__order", "person")
    replaced = replaced_rows.get(pk=approved.replaces_id) if approved.replaces_id else None
    seat = _get_current_seat(visit, approved.person)
    # Before booking, which takes the place that this releases, also within the company limit.
    # The same time for both: `find_states` tells who was replaced from whom the club withdrew.
    approved.host_approved_at = timezone.now()
    if replaced:
        _end_replaced_application(visit, replaced, at=approved.host_approved_at)
    # The lock has closed ordinary booking.
    give_place(application=approved, seat=seat, as_of=_find_booking_time(visit, replaced))
    approved.save(update_fields=["host_approved_at", "registration"])
    record_action(
        "application.approve",
        approved,
        event=visit.event,
        fields=["host_approved_at"],
        reason=f"host contact #{contact.pk}" if contact else "",
    )
    if contact:
        queue_decision_mails(approved)
    return approved


def _find_booking_time(visit: Visit, replaced: Application | None) -> datetime.datetime:
    """Return the time whose deadlines apply: that of the first application for the place, before the lock."""
    last_moment = visit.last_open_moment
    if replaced is None:
        return last_moment
    # A replacement may have been replaced in turn.
    while replaced.replaces:
        replaced = replaced.replaces
    # The first holder may be an additional visitor, proposed after the lock, or one whom an organizer added
    # after applications closed.
    return last_moment if replaced.proposed_at else min(replaced.applied_at, last_moment)


def _lock_visit(visit_id: int) -> Visit:
    visits = Visit.objects.select_related("event__host").select_for_update(of=("self",))
    return visits.get(pk=visit_id)


def _check_replaceable(visit: Visit, replaced: Application) -> None:
    check_not_begun(visit)
    if visit.locked_at is None:
        raise NotOpenNow(_("Until the list is locked, free places go to the waiting list."))
    if replaced.registration is None:
        raise NotOpenNow(_("This person never had a place, so there is nothing to pass on."))
    given_up = replaced.registration.cancelled_at
    if given_up and given_up < visit.locked_at:
        raise NotOpenNow(
            _("This place was released before the list was locked, so it went to the waiting list.")
        )
    if Application.objects.replacements_for(replaced).exists():
        raise NotOpenNow(_("Someone has already been proposed for this place. See their entry in the list."))
    # An additional visitor may have taken the place that was given up.
    if given_up:
        _check_free_place(visit)


def _end_waiting(visit: Visit, person: Person) -> None:
    """Remove the person from the waiting list. Raise InvalidFields if they have a place already."""
    application = (
        Application.objects.still_valid()
        .filter(visit=visit, person=person)
        .select_related("waiting_entry")
        .first()
    )
    if application is None:
        return
    # Neither a place nor a waiting entry: proposed already, pending the host's approval.
    if application.registration_id or application.waiting_entry is None:
        raise _make_email_error(
            _("This person already has a place, or has been proposed for one on this visit.")
        )
    leave_waiting_list(entry=application.waiting_entry, reason=_("named for a place after the lock"))


def _get_eligible_seat(visit: Visit, person: Person, replaced: Application | None) -> Seat:
    """Return the person's seat, counting the replaced place as free. Raise InvalidFields."""
    seat = find_seat_on_visit_day(visit, person)
    candidate = build_candidate(visit, person, seat)
    has_place = (
        replaced is not None
        and replaced.registration is not None
        and replaced.registration.cancelled_at is None
    )
    if (
        candidate.places_left is not None
        and seat
        and replaced
        and has_place
        and seat.membership.company_id == replaced.company_id
    ):
        # A colleague takes over the place that the company has already.
        candidate = dataclasses.replace(candidate, places_left=candidate.places_left + 1)
    codes = find_objections(candidate)
    if codes or seat is None:
        raise _make_email_error(*describe_objections_to(person, seat, visit, codes))
    return seat


def _get_current_seat(visit: Visit, person: Person) -> Seat:
    """Return the seat on the day of the visit, checked again at approval. Raise NotEligible."""
    seat = find_seat_on_visit_day(visit, person)
    # The company limit is left to the booking itself, which counts it under a lock.
    candidate = dataclasses.replace(build_candidate(visit, person, seat), places_left=None)
    codes = find_objections(candidate)
    if codes or seat is None:
        raise NotEligible(describe_objections_to(person, seat, visit, codes))
    return seat


def _end_replaced_application(visit: Visit, replaced: Application, *, at: datetime.datetime) -> None:
    """Withdraw the replaced application, cancel its place (which deletes its identity), notify the holder."""
    reason = _("replaced with the host’s agreement")
    registration = replaced.registration
    had_place = registration is not None and registration.cancelled_at is None
    active = Application.objects.active().filter(pk=replaced.pk)
    # People who gave their place up themselves get no mail that it was taken from them.
    revocation_reason = _describe_replacement(replaced) if had_place else ""
    if active.update(withdrawn_at=at, listed_at=None, revocation_reason=revocation_reason):
        fields = ["withdrawn_at", "revocation_reason"]
        record_action("visit.withdraw", replaced, event=visit.event, fields=fields, reason=reason)
        notify_applicant.enqueue(replaced.pk)
    if registration:
        cancel_place_without_fee(registration, reason=reason)


def _describe_replacement(replaced: Application) -> str:
    """Return the reason shown to the replaced visitor, in their language."""
    with translation.override(replaced.person.language if replaced.person else None):
        return _("The place has gone to someone else, with the host’s agreement.")


def _make_email_error(*sentences: str) -> InvalidFields:
    return InvalidFields(_("Some fields need to be corrected."), {"email": list(sentences)})
