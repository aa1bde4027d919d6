"""Make a visit of an event: say that a vendor opens its site, and that places are given on application."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import having
from convention.audit.record import record
from convention.club.models import Person, Seat
from convention.errors import ConventionError
from convention.events.models import Event

from ..models import Registration, Ticket
from .eligibility import seat_on_the_day
from .models import Application, Visit
from .odd_dates import about_length
from .refusals import NotReady

PLACES, PER_COMPANY = 20, 2
"""What a new visit offers until somebody says otherwise."""


class AlreadyVisit(ConventionError):
    """Somebody was faster, or it is no site visit."""

    kind = "already-visit"
    status = 409


@transaction.atomic
def make_visit(*, event: Event) -> Visit:
    """Begin a visit, a draft; members who have a place already, where registration was open, keep it.

    Raises AlreadyVisit, NotReady for an event that lasts longer than a visit does.
    """
    event = Event.objects.select_for_update(no_key=True, of=("self",)).get(pk=event.pk)
    if event.kind != Event.Kind.SITE_VISIT or Visit.objects.filter(event=event).exists():
        raise AlreadyVisit(_("This event is no site visit, or somebody has begun its visit already."))
    if sentence := about_length(event.starts_at, event.ends_at):
        raise NotReady(sentence)
    is_open = event.visibility != Event.Visibility.DRAFT
    visit = Visit.objects.create(event=event, agreed_at=timezone.now() if is_open else None)
    event.substitutions_until = visit.event.created_at  # a place is given back, and goes to who applied
    event.save(update_fields=["substitutions_until"])
    _give_ticket(event)
    _adopt(visit)
    record("visit.create", visit, event=event)
    return visit


def _give_ticket(event: Event) -> None:
    """A ticket for members, unless there is one."""
    if not Ticket.objects.filter(event=event, audience=Ticket.Audience.MEMBER).exists():
        new_ticket(event).save()


def new_ticket(event: Event) -> Ticket:
    """A free ticket for members with some places, few for one company; not stored yet."""
    return Ticket(
        event=event,
        slug="member",
        name="Adhérent",
        name_en="Member",
        audience=Ticket.Audience.MEMBER,
        capacity=PLACES,
        company_cap=PER_COMPANY,
        is_default=not event.tickets.filter(is_default=True).exists(),
    )


def _adopt(visit: Visit) -> None:
    """An application for each member's place that was booked before, or written by an import or the desk."""
    places = Registration.objects.confirmed().filter(
        event=visit.event, ticket__audience=Ticket.Audience.MEMBER
    )
    known = places.filter(person__isnull=False).order_by("-pk")
    seen: dict[int | None, Registration] = {place.person_id: place for place in known}
    for place in places.filter(person__isnull=True).order_by("pk"):
        seat = _seat_at(visit, place)
        if seat and seat.person_id not in seen:
            seen[seat.person_id] = _give_holder(place, seat)
    Application.objects.bulk_create(
        Application(
            visit=visit,
            person_id=place.person_id,
            company_id=place.member_of_id,
            applied_at=place.created_at,
            registration=place,
        )
        for place in sorted(seen.values(), key=lambda place: place.pk)
    )


def _seat_at(visit: Visit, place: Registration) -> Seat | None:
    """The seat on the day of the one person who has the address of a place, at the company that it names."""
    people = having(Person.objects.filter(is_active=True), place.email) if place.email else []
    seat = seat_on_the_day(visit, people[0]) if len(people) == 1 else None
    if seat is None or place.member_of_id not in (None, seat.membership.company_id):
        return None
    return seat


def _give_holder(place: Registration, seat: Seat) -> Registration:
    """Say whose place it is; its company is told by the application alone, for no share was counted."""
    place.person_id = seat.person_id
    place.save(update_fields=["person"])
    place.member_of_id = place.member_of_id or seat.membership.company_id
    return place
