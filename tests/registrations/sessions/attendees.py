"""Attendees who booked or starred sessions, and the e-mails that they get."""

from registrations.models import Registration, Ticket
from registrations.sessions.booking import book_session
from registrations.sessions.notifications import link_agenda
from schedule.models import PersonalAgenda, Session
from schedule.personal.actions import choose_session, create_agenda
from tests.factories import make_order, make_person, make_registration, make_session, make_ticket


def make_workshop(event, title="Atelier", **fields) -> Session:
    return make_session(event, title, **{"capacity": 9, "is_bookable": True, **fields})


def get_ticket(event) -> Ticket:
    return event.tickets.first() or make_ticket(event)


def make_holder(event, *sessions: Session, language: str = "fr", **fields) -> Registration:
    """Register an attendee who booked the sessions."""
    order = make_order(event, language=language)
    registration = make_registration(get_ticket(event), order=order, **fields)
    for session in sessions:
        book_session(registration=registration, session=session)
    return registration


def make_follower(event, *sessions: Session, language: str = "fr") -> Registration:
    """Register a person who starred the sessions while signed in."""
    person, order = make_person(), make_order(event, language=language)
    registration = make_registration(get_ticket(event), order=order, person=person, email="star@example.org")
    link_agenda(create_agenda(event=event), person)
    for session in sessions:
        star_session(registration, session)
    return registration


def star_session(registration: Registration, session: Session) -> PersonalAgenda:
    """Add a session to the registration's agenda, as the page does."""
    agenda = registration.agenda_links.get().personal_agenda
    choose_session(event=session.event, session=session, personal_agenda=agenda)
    link_agenda(agenda, registration.person)
    return agenda


def list_mails(mailoutbox) -> list[tuple[str, str]]:
    return [(mail.to[0], mail.subject.replace("\u202f", " ")) for mail in mailoutbox]
