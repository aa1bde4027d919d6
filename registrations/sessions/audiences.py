"""Load the attendees who booked or starred each session, for schedule conflicts.

An attendee has the same key in both, to count once after booking one session and starring another.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef

from registrations.models import AgendaLink, Registration, SessionBooking
from schedule.models import ChosenSession


def load_booked_attendees(
    event_ids: Iterable[int], session_ids: Collection[int] | None = None
) -> dict[int, set[str]]:
    """Return the attendees of active registrations by session that they booked: one query."""
    ids = list(event_ids)
    # Not `registration__in`: for each session, SQLite would look for a booking of each registration there is.
    is_registered = Exists(Registration.objects.active().filter(pk=OuterRef("registration_id")))
    rows = SessionBooking.objects.active().filter(is_registered, session__event__in=ids)
    if session_ids is not None:
        rows = rows.filter(session__in=session_ids)
    booked: dict[int, set[str]] = defaultdict(set)
    for session, registration in rows.order_by().values_list("session_id", "registration_id"):
        booked[session].add(get_attendee_key(registration))
    return booked


def load_starring_attendees(
    event_ids: Iterable[int], session_ids: Collection[int] | None = None
) -> dict[int, set[str]]:
    """Return the attendees by session that they starred: two queries.

    All agendas of a registration are one attendee; an agenda without registration is another, anonymous one.
    """
    ids = list(event_ids)
    # Not joined: for thousands of stars, looking each one up takes longer than all the rest.
    links = AgendaLink.objects.filter(personal_agenda__event__in=ids)
    owners = dict(links.values_list("personal_agenda_id", "registration_id"))
    rows = ChosenSession.objects.filter(session__event__in=ids).order_by()
    if session_ids is not None:
        rows = rows.filter(session__in=session_ids)
    starred: dict[int, set[str]] = defaultdict(set)
    for session, agenda in rows.values_list("session_id", "personal_agenda_id"):
        owner = owners.get(agenda)
        starred[session].add(get_attendee_key(owner) if owner else f"agenda-{agenda}")
    return starred


def get_attendee_key(registration_id: int) -> str:
    return f"registration-{registration_id}"
