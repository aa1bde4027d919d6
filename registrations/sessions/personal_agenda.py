"""Personal agendas with the booked sessions beside the starred ones."""

from typing import BinaryIO

from django.db.models import Q

from convention.club.models import Person
from convention.events.models import Event
from registrations.models import AgendaLink, Registration, SessionBooking
from registrations.models.registrations import RegistrationQuerySet
from schedule.models import PersonalAgenda, Session
from schedule.permissions import get_programme_audience
from schedule.personal.actions import create_agenda
from schedule.personal.programme import build_personal_programme, print_personal_programme

from .booking import list_session_bookings
from .notifications import is_agenda_of_another, move_agenda_to_registration
from .printed_agendas import describe_agenda


def find_booked_session_ids(
    event: Event, personal_agenda: PersonalAgenda | None, person: Person | None
) -> set[int]:
    """Return the sessions booked by the attendee of an agenda, and by a signed-in person."""
    registrations = query_own_registrations(event, personal_agenda, person)
    bookings = SessionBooking.objects.active().filter(registration__in=registrations)
    return set(bookings.values_list("session", flat=True))


def query_own_registrations(
    event: Event, personal_agenda: PersonalAgenda | None, person: Person | None
) -> RegistrationQuerySet:
    """Return the confirmed registrations of an agenda's attendee and of a signed-in person."""
    owners = Q(pk__in=AgendaLink.objects.filter(personal_agenda=personal_agenda).values("registration"))
    if person:
        owners |= Q(person=person)
    return Registration.objects.confirmed().filter(owners, event=event)


def find_agenda_owner(personal_agenda: PersonalAgenda) -> Person | None:
    """Return the person whose registration the agenda is linked to, None without one."""
    links = AgendaLink.objects.filter(
        personal_agenda=personal_agenda, registration__in=Registration.objects.confirmed()
    )
    link = links.select_related("registration__person").first()
    return link.registration.person if link else None


def open_attendee_agenda(
    *, registration: Registration, device_agenda: PersonalAgenda | None
) -> PersonalAgenda:
    """Return the personal agenda of an attendee for a device, linked to the registration.

    It is the one that the device has, if any. On a device with another person's agenda, which must stay
    theirs, it is the attendee's latest one.
    """
    personal_agenda = device_agenda
    if device_agenda and is_agenda_of_another(device_agenda, registration):
        links = registration.agenda_links.select_related("personal_agenda").order_by("-pk")
        personal_agenda = next((link.personal_agenda for link in links[:1]), None)
    personal_agenda = personal_agenda or create_agenda(event=registration.event)
    move_agenda_to_registration(personal_agenda, registration)
    return personal_agenda


def write_personal_agenda(*, registration: Registration, file: BinaryIO) -> int:
    """Write a PDF of the booked and starred sessions in the active language; return how many there are.

    Sessions for members only are left out unless the attendee is a member today.
    """
    event = registration.event
    starred = Session.objects.filter(personal_agendas__in=find_linked_agendas(registration))
    programme = build_personal_programme(
        event,
        chosen_ids=set(starred.values_list("pk", flat=True)),
        booked_ids={booking.session_id for booking in list_session_bookings(registration)},
        audience=get_programme_audience(registration.person, event),
    )
    title = describe_agenda(registration, event)
    print_personal_programme(event=event, personal_programme=programme, title=title, file=file)
    return len(programme.sessions)


def find_linked_agendas(registration: Registration) -> list[int]:
    """Return the ids of the personal agendas in which this attendee chose sessions."""
    return list(registration.agenda_links.values_list("personal_agenda", flat=True))
