"""Notify attendees of published changes of the sessions that they booked or starred.

Publishing queues one e-mail for each attendee (`queue_notices`). What was announced last is stored with each
booking and agenda, so that a session that moved and came back is not announced. A periodic job does the same
for what a failed task left behind.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, QuerySet, Subquery
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.club.models import Person
from convention.db.leases import hold_lease
from convention.events.models import Event
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from registrations.models import AgendaLink, Registration, SessionBooking
from registrations.permissions import make_own_secret
from schedule.models import PersonalAgenda, ScheduleVersion, Session
from schedule.programme.neighbours import find_conflicting_sessions
from schedule.versions.publish import find_last_version_number
from schedule.versions.recipients import RecipientGroup

from .booking import list_session_bookings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChangedSession:
    """A session as it is now, for an attendee who booked or only starred it."""

    session: Session
    is_booked: bool
    was_cancelled: bool = False
    conflicting_sessions: list[Session] = field(default_factory=list)


def link_agenda(personal_agenda: PersonalAgenda, person: Person) -> None:
    """Link a personal agenda to the person's registration, so that they are notified of its changes."""
    own = Registration.objects.confirmed().filter(event=personal_agenda.event_id, person=person)
    if registration := own.order_by("pk").first():
        link_agenda_to_registration(personal_agenda, registration)


def link_agenda_to_registration(personal_agenda: PersonalAgenda, registration: Registration) -> None:
    """Link a personal agenda to an attendee, unless it is already linked to one."""
    AgendaLink.objects.get_or_create(
        personal_agenda=personal_agenda,
        defaults={
            "registration": registration,
            "notified_version": find_last_version_number(personal_agenda.event),
        },
    )


def find_publication_recipients(event: Event, session_ids: Collection[int]) -> list[RecipientGroup]:
    """Return how many holders of bookings, and how many others who starred a session, would be notified."""
    holders = set(
        SessionBooking.objects.active().filter(session__in=session_ids).values_list("registration", flat=True)
    )
    linked = AgendaLink.objects.filter(
        personal_agenda__event=event,
        personal_agenda__sessions__in=session_ids,
        registration__in=Registration.objects.confirmed(),
    )
    watchers = set(linked.values_list("registration", flat=True)) - holders
    return [
        _count_reachable(gettext_lazy("Attendees with a seat"), holders),
        _count_reachable(gettext_lazy("Other attendees who chose a session"), watchers),
    ]


def _count_reachable(label: str | Promise, registration_ids: Collection[int]) -> RecipientGroup:
    rows = Registration.objects.filter(pk__in=registration_ids)
    reachable = rows.exclude(email="", order__email="").count()
    return RecipientGroup(label, reachable, len(registration_ids) - reachable)


def queue_notices(version_id: int, _session_ids: Collection[int]) -> None:
    """Queue an e-mail for each attendee whom the version concerns."""
    version = ScheduleVersion.objects.get(pk=version_id)
    _queue(
        SessionBooking.objects.with_unannounced_changes().filter(session__event=version.event_id),
        _find_links_to_notify().filter(personal_agenda__event=version.event_id),
    )


def notify_changed_sessions() -> None:
    """Queue an e-mail for each attendee with unannounced changes. A periodic job."""
    _queue(SessionBooking.objects.with_unannounced_changes(), _find_links_to_notify())


def _queue(bookings: QuerySet[SessionBooking], links: QuerySet[AgendaLink]) -> None:
    ids = {*bookings.values_list("registration", flat=True), *links.values_list("registration", flat=True)}
    for registration_id in sorted(ids):
        notify_session_changes.enqueue(registration_id)


def _find_links_to_notify() -> QuerySet[AgendaLink]:
    """Return the links with starred sessions that changed after the version that was announced last."""
    return AgendaLink.objects.filter(
        personal_agenda__event__ends_at__gt=timezone.now(),
        personal_agenda__sessions__published_in__number__gt=F("notified_version"),
        registration__in=Registration.objects.confirmed(),
    ).distinct()


def forget_changes(version_id: int, session_ids: Collection[int]) -> None:
    """Store published changes as announced, since the organizers publish without notifying anybody."""
    version = ScheduleVersion.objects.get(pk=version_id)
    bookings = SessionBooking.objects.active().filter(session__in=session_ids)
    published = Session.objects.filter(pk=OuterRef("session"))
    bookings.update(
        notified_starts_at=Subquery(published.values("starts_at")),
        notified_room=Subquery(published.values("room")),
        is_cancellation_notified=Exists(published.filter(cancelled_at__isnull=False)),
    )
    links = AgendaLink.objects.filter(personal_agenda__event=version.event_id)
    links.filter(notified_version=version.number - 1).update(notified_version=version.number)


@task()
def notify_session_changes(registration_id: int) -> None:
    """Mail one attendee all changes that they do not know yet."""
    with hold_lease(f"sessions:{registration_id}"):
        registration = (
            Registration.objects.select_related("order", "event").filter(pk=registration_id).first()
        )
        if registration is None:
            return
        bookings = SessionBooking.objects.with_unannounced_changes().select_related("session__room")
        booked = list(bookings.filter(registration=registration).order_by("session__starts_at", "pk"))
        links = list(_find_links_to_notify().filter(registration=registration))
        version = find_last_version_number(registration.event)
        changes = [*_list_booked_changes(registration, booked), *_list_starred_changes(registration, links)]
        if changes and (registration.email or registration.order.email):
            with translation.override(registration.order.language):
                _send_letter(registration, changes)
        # Stored even without an address, so that the job does not find the rows again.
        _store_as_announced(booked, links, version)


@transaction.atomic
def _store_as_announced(
    bookings: Collection[SessionBooking], links: Collection[AgendaLink], version: int
) -> None:
    for booking in bookings:
        session = booking.session
        SessionBooking.objects.filter(pk=booking.pk).update(
            notified_starts_at=session.starts_at,
            notified_room_id=session.room_id,
            is_cancellation_notified=session.cancelled_at is not None,
        )
    AgendaLink.objects.filter(pk__in=_list_keys(links)).update(notified_version=version)


def _list_keys(rows: Collection[Model]) -> list[int]:
    return [row.pk for row in rows]


def _list_booked_changes(
    registration: Registration, bookings: Collection[SessionBooking]
) -> list[ChangedSession]:
    everything = [other.session for other in list_session_bookings(registration)]
    return [
        ChangedSession(
            booking.session,
            is_booked=True,
            was_cancelled=booking.is_cancellation_notified,
            conflicting_sessions=find_conflicting_sessions(booking.session, everything),
        )
        for booking in bookings
    ]


def _list_starred_changes(registration: Registration, links: Collection[AgendaLink]) -> list[ChangedSession]:
    """Return changed sessions that the attendee starred; their bookings announce the others."""
    booked = {booking.session_id for booking in list_session_bookings(registration)}
    found: dict[int, Session] = {}
    for link in links:
        starred = link.personal_agenda.sessions.filter(published_in__number__gt=link.notified_version)
        found |= {session.pk: session for session in starred.select_related("room")}
    return [ChangedSession(session, is_booked=False) for pk, session in found.items() if pk not in booked]


def _send_letter(registration: Registration, changes: list[ChangedSession]) -> None:
    try:
        send_mail_message(_write_letter(registration, changes))
    except MailRefused:
        # A refusal is final: the change is stored as announced all the same.
        logger.warning("The mail server refused the mail about sessions of %s.", registration.reference)


def _write_letter(registration: Registration, changes: list[ChangedSession]) -> MailMessage:
    event = registration.event
    page = reverse(
        "order-sessions",
        args=[registration.order.reference, make_own_secret(registration), registration.reference],
    )
    if all(not change.is_booked for change in changes):
        page = reverse("agenda", args=[event.slug])
    # Part of the Message-ID: a retry is the same mail, another change is another one.
    state = "-".join(f"{change.session.pk}.{change.session.sequence}" for change in changes)
    return MailMessage(
        to=registration.email or registration.order.email,
        subject=_write_subject(event, changes)[:200],
        template="session_changed",
        context={"changes": changes, "event": event, "url": settings.SITE_URL + page},
        language=registration.order.language,
        message_key=f"sessions-{registration.pk}-{state}"[:200],
        accent=event.accent,
        reply_to=event.contact_email,
    )


def _write_subject(event: Event, changes: list[ChangedSession]) -> str:
    if len(changes) > 1:
        return _("Your sessions have changed: %(event)s") % {"event": event.title}
    change = changes[0]
    if change.session.cancelled_at:
        subject = _("Session cancelled: %(title)s")
    elif change.was_cancelled:
        subject = _("It takes place after all: %(title)s")
    else:
        subject = _("Session moved: %(title)s")
    return subject % {"title": change.session.title}
