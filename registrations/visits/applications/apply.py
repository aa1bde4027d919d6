"""Apply for a visit: a member gets a place, an entry in the waiting list, or the reasons for a refusal."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person, Seat
from convention.db.advisory_locks import acquire_shared_advisory_lock
from convention.errors import InvalidFields, SoldOut
from convention.text.dates import format_date
from convention.text.email_addresses import filter_by_email
from registrations.booking.join_waiting_list import PlacesLeft, WaitingRequest, join_ticket_list
from registrations.booking.validation import refuse_if_closed
from registrations.inventory.stock import CompanyFull
from registrations.models import WaitingEntry
from registrations.visits.models import Application, Visit
from registrations.visits.preconditions import (
    ApplicationChannel,
    NotEligible,
    VisitNotReady,
    check_applications_open,
)

from .eligibility import (
    Refusal,
    build_candidate,
    describe_objections_to,
    find_objections,
    find_seat_on_visit_day,
    get_member_ticket,
)
from .places import give_place
from .veto import was_vetoed

# Between looking for a place and joining the waiting list, places may be released and booked again.
MAX_PLACE_ATTEMPTS = 5


@transaction.atomic
def apply_for_visit(
    *, visit: Visit, person: Person, channel: ApplicationChannel = ApplicationChannel.MEMBER
) -> Application:
    """Apply for a visit with the seat that the person holds on its day.

    Return the person's valid application if there is one. A refusal is stored with its reasons on the
    returned application, and may be followed by another attempt. Raise NotOpenNow, InvalidFields, NotEligible
    after a veto by the host, or VisitNotReady if the person's full name is not known.
    """
    # Taken before any row lock (see `advisory_locks`). Shared, so that applicants do not wait for each other,
    # only for `lock_list` and `cancel_visit`.
    acquire_shared_advisory_lock(get_advisory_lock_name(visit))
    # One application of a person at a time, across visits too: overlapping visits exclude each other.
    Person.objects.select_for_update().get(pk=person.pk)
    if existing := Application.objects.still_valid().filter(visit=visit, person=person).first():
        return existing
    # Read again under the lock: it may have been locked or cancelled since the page was shown.
    visit = Visit.objects.select_related("event__host").get(pk=visit.pk)
    now = timezone.now()
    check_applications_open(visit, at=now, channel=channel)
    # What an organizer adds later goes by the deadlines of the last moment at which members could apply.
    rules_at = min(now, visit.last_open_moment)
    refuse_if_closed(visit.event, at=rules_at)
    _check_not_vetoed(visit, person)
    _check_full_name(person)
    _withdraw_old_application(visit, person)
    seat = find_seat_on_visit_day(visit, person)
    application = _prepare_application(visit, person, seat)
    codes = find_objections(build_candidate(visit, person, seat))
    # Without a seat there is always a code; the second test is for the type checker.
    if codes or seat is None:
        return _refuse_application(application, codes)
    return _give_place_or_refuse(application, seat, rules_at)


@transaction.atomic
def apply_for_member(*, visit: Visit, email: str) -> Application:
    """Apply, until the lock, in place of the member with this address, by the rules of their own application.

    Raise InvalidFields if no member has the address, they have applied already or are not eligible; nothing
    is stored then. Raise what `apply_for_visit` raises.
    """
    people = filter_by_email(Person.objects.filter(is_active=True), email.strip())
    seat = find_seat_on_visit_day(visit, people[0]) if people else None
    if seat is None:
        sentence = _("Nobody with a seat at a member company on %(day)s has this address.")
        raise _make_email_error(sentence % {"day": format_date(visit.event.starts_at, visit.event.zone)})
    person = people[0]
    values = {"name": str(person)}
    if Application.objects.still_valid().filter(visit=visit, person=person).exists():
        raise _make_email_error(_("%(name)s has already applied for this visit.") % values)
    # The sentences of `apply_for_visit` speak to the applicant.
    if was_vetoed(visit, person):
        raise _make_email_error(_("The host has declined %(name)s, who cannot apply again.") % values)
    if not _has_full_name(person):
        raise _make_email_error(
            _("Enter the first and last name of %(name)s in the directory first.") % values
        )
    application = apply_for_visit(visit=visit, person=person, channel=ApplicationChannel.ORGANIZER)
    if application.refused_at:
        # Rolls the refusal back: the organizer reads why and chooses somebody else; the member never applied.
        raise _make_email_error(*describe_objections_to(person, seat, visit, application.refusal_reasons))
    return application


def _make_email_error(*sentences: str) -> InvalidFields:
    return InvalidFields(_("Some fields need to be corrected."), {"email": list(sentences)})


def get_advisory_lock_name(visit: Visit) -> str:
    """Return the name of the visit's advisory lock: applicants share it, others hold it alone."""
    return f"visit:{visit.pk}"


def _check_not_vetoed(visit: Visit, person: Person) -> None:
    if was_vetoed(visit, person):
        raise NotEligible([_("The host did not confirm your visit, so you cannot apply for it again.")])


def _check_full_name(person: Person) -> None:
    if not _has_full_name(person):
        raise VisitNotReady(
            _("We do not have your full name and e-mail address yet. Please contact the organizer.")
        )


def _has_full_name(person: Person) -> bool:
    """Return whether names and address are known, as host and confirmation need them."""
    return bool(person.first_name and person.last_name and person.email)


def _withdraw_old_application(visit: Visit, person: Person) -> None:
    """Withdraw an active application that is no longer valid, so that another may follow."""
    # A partial unique index allows one active application per person and visit.
    ended = Application.objects.active().filter(visit=visit, person=person)
    ended.update(withdrawn_at=timezone.now())


def _prepare_application(visit: Visit, person: Person, seat: Seat | None) -> Application:
    """Return a new application, or reset the person's refused one, so repeated refusals share one row."""
    refused = Application.objects.filter(visit=visit, person=person, refused_at__isnull=False)
    application = refused.last() or Application(visit=visit, person=person)
    application.visit, application.company = visit, seat.membership.company if seat else None
    application.applied_at, application.refused_at, application.refusal_reasons = timezone.now(), None, []
    application.save()
    return application


def _refuse_application(application: Application, codes: list[str]) -> Application:
    application.refused_at, application.refusal_reasons = timezone.now(), codes
    application.save(update_fields=["refused_at", "refusal_reasons"])
    record_action(
        "visit.refuse", application, event=application.visit.event, fields=["refused_at", "refusal_reasons"]
    )
    return application


def _give_place_or_refuse(application: Application, seat: Seat, rules_at: datetime.datetime) -> Application:
    """Give a place or a waiting entry; refuse if a colleague took the company's last place meanwhile."""
    try:
        _give_place_or_wait(application, seat, rules_at)
    except CompanyFull:
        return _refuse_application(application, [str(Refusal.COMPANY_LIMIT)])
    application.save(update_fields=["registration", "waiting_entry"])
    record_action("visit.apply", application, event=application.visit.event, fields=["applied_at"])
    return application


def _give_place_or_wait(application: Application, seat: Seat, rules_at: datetime.datetime) -> None:
    """Give a free place, else join the waiting list. Raise CompanyFull or SoldOut."""
    for _try in range(MAX_PLACE_ATTEMPTS):
        if _try_give_place(application, seat, rules_at):
            return
        if entry := _try_join_waiting_list(application, seat, rules_at):
            application.waiting_entry = entry
            return
    raise SoldOut(_("Several people are applying right now. Please try again in a moment."))


def _try_give_place(application: Application, seat: Seat, rules_at: datetime.datetime) -> bool:
    """Give a place and return True, or return False if none is free. Raise CompanyFull."""
    try:
        # A savepoint: SoldOut is raised after some rows were written, and the outer transaction must go on.
        with transaction.atomic():
            give_place(application=application, seat=seat, as_of=rules_at)
    # CompanyFull is a SoldOut too, but no waiting list helps a company that has all its places.
    except CompanyFull:
        raise
    except SoldOut:
        return False
    return True


def _try_join_waiting_list(
    application: Application, seat: Seat, rules_at: datetime.datetime
) -> WaitingEntry | None:
    """Join the waiting list; return None if places became free in the meantime."""
    ticket = get_member_ticket(application.visit)
    assert ticket is not None
    person = seat.person
    request = WaitingRequest(
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email or "",
        company=seat.membership.company.name,
        language=person.language,
    )
    try:
        # A savepoint, so that nothing of the failed attempt stays.
        with transaction.atomic():
            return join_ticket_list(ticket=ticket, request=request, rules_at=rules_at)
    except PlacesLeft:
        return None
