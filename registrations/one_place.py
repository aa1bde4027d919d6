"""One member, one place: whoever has a member's place at an event gets no second one of that ticket."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.composed import Composed
from convention.errors import ConventionError

from .models import Registration


class AlreadyRegistered(ConventionError):
    """One member, one place at an event."""

    kind = "already-registered"
    status = 409


def refuse_second_place(registration: Registration, person: Person) -> None:
    """Look under the member's lock, kept until the transaction ends. Raises AlreadyRegistered."""
    list(Person.objects.select_for_update(no_key=True).filter(pk=person.pk).values_list("pk"))
    if OTHERS.exists(registration.event_id, person.pk, registration.ticket_id, registration.pk or 0):
        raise AlreadyRegistered(_("You already have a place at this event; no second one was booked."))


def _others(event: int, person: int, ticket: int, registration: int) -> QuerySet[Registration]:
    held = Registration.objects.confirmed().filter(event=event, person=person, ticket=ticket)
    return held.exclude(pk=registration)


OTHERS = Composed(_others, -1, -2, -3, -4)


def second_places(places: Iterable[Registration]) -> set[int]:
    """Which of these, by id, would be a member's second place of its ticket; under the members' locks."""
    theirs = [(place.pk, place.ticket_id, place.person_id) for place in places if place.member_of_id]
    members = {person for _place, _ticket, person in theirs if person is not None}
    list(
        Person.objects.select_for_update(no_key=True).filter(pk__in=members).order_by("pk").values_list("pk")
    )
    held = Registration.objects.confirmed().filter(person__in=members)
    taken: set[tuple[int, int | None]] = set(held.values_list("ticket_id", "person_id"))
    found = set[int]()
    for place, ticket, person in sorted(theirs):
        if person is not None and (ticket, person) in taken:
            found.add(place)
        taken.add((ticket, person))
    return found
