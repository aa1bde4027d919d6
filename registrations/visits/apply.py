"""Apply: a member asks to come, and gets a place, a place on the waiting list, or the reasons why not."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person, Seat
from convention.errors import SoldOut
from convention.turns import share_turn

from ..join_waiting import PlacesLeft, Wish, join_for_ticket
from ..models import WaitingEntry
from ..places import CompanyFull
from ..register import refuse_if_closed
from .eligibility import Refusal, candidate_for, objections, seat_on_the_day, ticket_of
from .models import Application, Visit
from .place import give_place
from .refusals import NotEligible, NotReady, refuse_not_open
from .veto import was_vetoed

TRIES = 5
"""How often a place may be given back and taken by others between two looks."""


@transaction.atomic
def apply(*, visit: Visit, person: Person) -> Application:
    """Ask to come on a visit, for the company whose seat one holds on its day.

    Who may not come gets an application that says why, and may apply again once that has changed. Who has
    asked already gets the application that stands. Raises Closed, InvalidFields, NotEligible for someone whom
    the host does not receive, or NotReady for someone whose name is not known.
    """
    share_turn(turn_of(visit))
    Person.objects.select_for_update().get(pk=person.pk)  # one wish of a person at a time, here and elsewhere
    if known := Application.objects.alive().filter(visit=visit, person=person).first():
        return known
    visit = Visit.objects.select_related("event__host").get(pk=visit.pk)
    now = timezone.now()
    refuse_not_open(visit, at=now)
    refuse_if_closed(visit.event, at=now)
    _refuse_vetoed(visit, person)
    _refuse_nameless(person)
    _end_what_stands(visit, person)
    seat = seat_on_the_day(visit, person)
    application = _row_of(visit, person, seat)
    codes = objections(candidate_for(visit, person, seat))
    if codes or seat is None:
        return _refuse(application, codes)
    return _place_or_refuse(application, seat)


def turn_of(visit: Visit) -> str:
    """The turn that applicants share, and that whoever locks the list takes alone."""
    return f"visit:{visit.pk}"


def _refuse_vetoed(visit: Visit, person: Person) -> None:
    if was_vetoed(visit, person):
        raise NotEligible([_("The host did not confirm your visit, so you cannot apply for it again.")])


def _refuse_nameless(person: Person) -> None:
    if not (person.first_name and person.last_name and person.email):
        raise NotReady(_("The club does not know your full name and address yet: write to the organizer."))


def _end_what_stands(visit: Visit, person: Person) -> None:
    """An application whose place was cancelled or whose wait ended is withdrawn: another one follows it."""
    ended = Application.objects.standing().filter(visit=visit, person=person)
    ended.update(withdrawn_at=timezone.now())


def _row_of(visit: Visit, person: Person, seat: Seat | None) -> Application:
    """A new application, or the refused one of the same person: however often they ask, one row says so."""
    refused = Application.objects.filter(visit=visit, person=person, refused_at__isnull=False)
    application = refused.last() or Application(visit=visit, person=person)
    application.visit, application.company = visit, seat.membership.company if seat else None
    application.applied_at, application.refused_at, application.reasons = timezone.now(), None, []
    application.save()
    return application


def _refuse(application: Application, codes: list[str]) -> Application:
    application.refused_at, application.reasons = timezone.now(), codes
    application.save(update_fields=["refused_at", "reasons"])
    record("visit.refuse", application, event=application.visit.event, fields=["refused_at", "reasons"])
    return application


def _place_or_refuse(application: Application, seat: Seat) -> Application:
    """Whoever finds a place or a line has applied; the last place of a company may have gone just now."""
    try:
        _place_or_wait(application, seat)
    except CompanyFull:
        return _refuse(application, [str(Refusal.CAP)])
    application.save(update_fields=["registration", "waiting"])
    record("visit.apply", application, event=application.visit.event, fields=["applied_at"])
    return application


def _place_or_wait(application: Application, seat: Seat) -> None:
    """A place where one is free, else a place in the line. Raises CompanyFull, SoldOut."""
    for _try in range(TRIES):
        if _has_place(application, seat):
            return
        if wait := _joined(application, seat):
            application.waiting = wait
            return
    raise SoldOut(_("Places come and go just now; apply again in a moment."))


def _has_place(application: Application, seat: Seat) -> bool:
    """Give a place where one is free. Raises CompanyFull."""
    try:
        with transaction.atomic():
            give_place(application=application, seat=seat)
    except CompanyFull:
        raise
    except SoldOut:
        return False
    return True


def _joined(application: Application, seat: Seat) -> WaitingEntry | None:
    """A place in the line; none where places became free meanwhile."""
    ticket = ticket_of(application.visit)
    assert ticket is not None
    person = seat.person
    wish = Wish(
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email or "",
        company=seat.membership.company.name,
        language=person.language,
    )
    try:
        with transaction.atomic():
            return join_for_ticket(ticket=ticket, wish=wish)
    except PlacesLeft:
        return None
