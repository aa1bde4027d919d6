"""An event that began two hours ago, its session with a checkpoint, and people who were scanned in."""

import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone, translation

from badges.attendance.models import Checkpoint
from badges.attendance.scanning.manual_scan import check_in_registration
from badges.feedback.answers import give_feedback
from convention.events.models import Event
from registrations.models import Registration
from registrations.permissions import make_own_secret
from schedule.models import Session
from tests.badges.attendance.factories import make_event, make_registration
from tests.factories import make_session

HOUR = datetime.timedelta(hours=1)


def make_attended_session(event: Event | None = None, title: str = "Sauvegardes", **fields: Any) -> Session:
    """Create a session that began an hour ago, with a speaker and a checkpoint."""
    event = event or make_event()
    values = {"starts_at": timezone.now() - HOUR, "speakers": ("Ana",), **fields}
    session = make_session(event, title, **values)
    Checkpoint.objects.create(event=event, session=session, name=title, kind=Checkpoint.Kind.SESSION)
    return session


def scan_in(session: Session, *registrations: Registration) -> None:
    checkpoint = Checkpoint.objects.select_related("event", "session").get(session=session)
    for registration in registrations:
        check_in_registration(registration=registration, checkpoint=checkpoint, operator=None, direction="in")


def make_attendee(session: Session, number: int = 1) -> Registration:
    """Create a registration with its own address, scanned in at the session."""
    registration = make_registration(
        session.event, first_name=f"Zoé {number}", email=f"zoe{number}@example.org"
    )
    scan_in(session, registration)
    return registration


def make_answers(session: Session, *stars: int, comment: str = "") -> list[Registration]:
    """Let one attendee for each number of stars answer, with the comment and a number."""
    attendees = [make_attendee(session, number) for number in range(len(stars))]
    for number, (registration, count) in enumerate(zip(attendees, stars, strict=True)):
        text = f"{comment} {number}" if comment else ""
        give_feedback(registration=registration, session=session, stars=count, comment=text)
    return attendees


def end_event(event: Event, *, days_ago: int = 1) -> None:
    """Move the end of the event into the past."""
    event.ends_at = timezone.now() - datetime.timedelta(days=days_ago)
    event.starts_at = min(event.starts_at, event.ends_at - 8 * HOUR)
    event.save()


def make_link(registration: Registration) -> str:
    """Return the French address by which the attendee is recognized, from their own link."""
    arguments = [registration.order.reference, make_own_secret(registration), registration.reference]
    # The test's last request may have left another language.
    with translation.override("fr"):
        return reverse("order-feedback", args=arguments)
