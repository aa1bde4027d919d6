"""Publish a programme of 200 sessions that concerns many attendees, and measure it."""

import datetime
import secrets
import time
from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext

from convention.events.models import Event
from registrations.models import AgendaLink, Order, Registration, SessionBooking
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import (
    ChosenSession,
    PersonalAgenda,
    ScheduleDraft,
    Session,
    SessionSpeaker,
    Speaker,
)
from schedule.versions.notices import notify_publication
from schedule.versions.publish import PublicationStamp, publish_draft, publish_reviewed_draft
from tests.factories import make_event, make_room, make_ticket

HOUR = datetime.timedelta(hours=1)
SESSION_COUNT = 200
TRANSACTION_CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True)
class Cost:
    queries: int
    milliseconds: float


def make_programme(event: Event) -> list[Session]:
    """Publish 200 sessions in ten rooms, and then add their speakers."""
    rooms = [make_room(event, f"Salle {number}") for number in range(10)]
    sessions = Session.objects.bulk_create(
        Session(event=event, title=f"S{number}", number=number + 1, is_bookable=True, capacity=500)
        for number in range(SESSION_COUNT)
    )
    draft = get_current_draft(event)
    start = event.starts_at.astimezone(datetime.UTC)
    states = {}
    for number, session in enumerate(sessions):
        starts_at = start + number // 10 * HOUR
        states[session.pk] = SlotState(rooms[number % 10].pk, starts_at, starts_at + HOUR)
    make_moves(draft=draft, states=states, author=None)
    publish_draft(draft=draft)
    speakers = Speaker.objects.bulk_create(
        Speaker(event=event, name=f"Ada {number}", email=f"s{number}@example.org") for number in range(20)
    )
    SessionSpeaker.objects.bulk_create(
        SessionSpeaker(session=session, speaker=speakers[number % 20])
        for number, session in enumerate(sessions)
    )
    return list(event.sessions.order_by("number"))


def make_attendees(event: Event, sessions: list[Session], count: int) -> None:
    """Let each attendee book two sessions and star ten."""
    ticket = make_ticket(event)
    orders = Order.objects.bulk_create(Order(event=event, email=f"b{n}@example.org") for n in range(count))
    registrations = Registration.objects.bulk_create(
        Registration(
            event=event,
            order=order,
            ticket=ticket,
            first_name="Ada",
            last_name=f"N{number}",
            email=f"a{number}@example.org",
            confirmed_at=event.starts_at,
        )
        for number, order in enumerate(orders)
    )
    agendas = PersonalAgenda.objects.bulk_create(PersonalAgenda(event=event) for _each in registrations)
    AgendaLink.objects.bulk_create(
        AgendaLink(personal_agenda=agenda, registration=registration, notified_version=1)
        for agenda, registration in zip(agendas, registrations, strict=True)
    )
    SessionBooking.objects.bulk_create(
        SessionBooking(
            registration=registration,
            session=session,
            notified_starts_at=session.starts_at,
            notified_room_id=session.room_id,
        )
        for number, registration in enumerate(registrations)
        for session in (sessions[number], sessions[-1 - number % 20])
    )
    ChosenSession.objects.bulk_create(
        ChosenSession(personal_agenda=agenda, session=sessions[(7 * number + step) % 200], known_version=1)
        for number, agenda in enumerate(agendas)
        for step in range(10)
    )


def move_everything(event: Event) -> ScheduleDraft:
    """Move each session by two hours in the draft."""
    draft = get_current_draft(event)
    states = {
        slot.session_id: SlotState(slot.room_id, slot.starts_at + 2 * HOUR, slot.ends_at + 2 * HOUR)
        for slot in draft.slots.all()
    }
    make_moves(draft=draft, states=states, author=None)
    draft.refresh_from_db()
    return draft


def measure_publication(attendee_count: int) -> Cost:
    """Publish a version and queue its notices, as the page and the worker do."""
    # The database of the bench has events of earlier processes.
    event = make_event(slug=f"publication-{secrets.token_hex(6)}")
    make_attendees(event, make_programme(event), attendee_count)
    return publish_and_queue(move_everything(event))


def publish_and_queue(draft: ScheduleDraft) -> Cost:
    seen = PublicationStamp.of_draft(draft)
    started = time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        version = publish_reviewed_draft(draft=draft, seen=seen)
        notify_publication.call(version.pk)
    seconds = time.perf_counter() - started
    statements = [query for query in queries if not query["sql"].startswith(TRANSACTION_CONTROL)]
    return Cost(len(statements), seconds * 1000)
