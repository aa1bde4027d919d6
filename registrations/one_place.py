"""One member, one place: whoever has a member's place at an event gets no second one of that ticket."""

from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.errors import ConventionError

from .models import Registration


class AlreadyRegistered(ConventionError):
    """One member, one place at an event."""

    kind = "already-registered"
    status = 409


def refuse_second_place(registration: Registration, person: Person) -> None:
    """Look under the member's lock, kept until the transaction ends. Raises AlreadyRegistered."""
    list(Person.objects.select_for_update(no_key=True).filter(pk=person.pk).values_list("pk"))
    others = Registration.objects.confirmed().filter(event=registration.event, person=person)
    if others.exclude(pk=registration.pk).filter(ticket=registration.ticket).exists():
        raise AlreadyRegistered(_("You already have a place at this event; no second one was booked."))
