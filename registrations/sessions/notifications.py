"""Notify attendees of published changes of the sessions that they booked or starred.

A publication with notice queues one e-mail for each attendee whom it concerns (`queue_notices`); a periodic
job queues what a failed task left behind. One rule says what an attendee knows of a session, and a difference
from what is public now is announced once:

- A booking stores what its holder knows: time, room and state when they booked or were last notified.
- A star stores the version that was public then; its agenda, the version up to which its owner was notified.
  Of the two, the later one is what they know.
- A version published without notice is never announced. It counts as known to those who booked its sessions;
  of a starred session, only a change in a version with notice is announced, and only while it is the last.

So a session that moved and came back is not announced, nor is a move from before the star.
"""

import logging
from collections.abc import Collection
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.club.models import Person
from convention.db.leases import hold_lease
from convention.events.models import Event
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.tasks.queue import enqueue_all
from convention.tasks.queue_names import MAIL_QUEUE
from registrations.attendee_identity import AttendeeIdentity, is_same_name
from registrations.billing.buyer_name import find_attendee_first_name
from registrations.models import AgendaLink, Registration, SessionBooking
from registrations.permissions import make_own_secret
from schedule.models import PersonalAgenda, ScheduleVersion, Session
from schedule.versions.notices import RecipientGroup
from schedule.versions.timetables import find_last_version_number

from .booking import get_attendee_audience, list_session_bookings
from .changed_sessions import (
    ChangedSession,
    ChangeNotice,
    find_links_to_notify,
    list_booked_changes,
    list_starred_changes,
)

logger = logging.getLogger(__name__)

ENDED_STATES: Final = (Registration.State.CANCELLED, Registration.State.EXPIRED)

SUBJECTS: Final = {
    ChangeNotice.MOVED: gettext_lazy("Session moved: %(title)s"),
    ChangeNotice.CANCELLED: gettext_lazy("Session cancelled: %(title)s"),
    ChangeNotice.REMOVED: gettext_lazy("Session removed from the programme: %(title)s"),
    ChangeNotice.RESTORED: gettext_lazy("Back on the programme: %(title)s"),
}


def link_agenda(personal_agenda: PersonalAgenda, person: Person) -> None:
    """Link a personal agenda to the person's registration, so that they are notified of its changes."""
    own = Registration.objects.confirmed().filter(event=personal_agenda.event_id, person=person)
    if registration := own.order_by("pk").first():
        link_agenda_to_registration(personal_agenda, registration)


def link_agenda_to_registration(personal_agenda: PersonalAgenda, registration: Registration) -> None:
    """Link a personal agenda to an attendee, unless it is linked to another person or an active registration.

    Somebody whose registration was cancelled or expired may have registered again since.
    """
    values = {
        "registration": registration,
        "notified_version": find_last_version_number(personal_agenda.event),
    }
    link, is_new = AgendaLink.objects.select_related("registration").get_or_create(
        personal_agenda=personal_agenda, defaults=values
    )
    if is_new or link.registration.state not in ENDED_STATES or _is_link_of_another(link, registration):
        return
    AgendaLink.objects.filter(pk=link.pk).update(**values)


def move_agenda_to_registration(personal_agenda: PersonalAgenda, registration: Registration) -> None:
    """Link a personal agenda to the registration whose programme the attendee opens.

    An attendee with two active registrations sees the bookings of the one opened last. An agenda of another
    person stays theirs, and one of an active registration is not moved to one that has ended.
    """
    link_agenda_to_registration(personal_agenda, registration)
    link = AgendaLink.objects.select_related("registration").get(personal_agenda=personal_agenda)
    if registration.state in ENDED_STATES or _is_link_of_another(link, registration):
        return
    # The sessions starred so far stay, and with them what was notified of their changes.
    AgendaLink.objects.filter(pk=link.pk).update(registration=registration)


def is_agenda_of_another(personal_agenda: PersonalAgenda, registration: Registration) -> bool:
    """Return whether a personal agenda is linked to the registration of another person."""
    link = AgendaLink.objects.select_related("registration").filter(personal_agenda=personal_agenda).first()
    return link is not None and _is_link_of_another(link, registration)


def _is_link_of_another(link: AgendaLink, registration: Registration) -> bool:
    owner = link.registration
    # Not `is_other_person`: relatives who share an address and a last name are two people here.
    return owner.pk != registration.pk and not is_same_name(
        AttendeeIdentity.from_row(owner), AttendeeIdentity.from_row(registration)
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


def queue_notices(version_id: int) -> None:
    """Queue an e-mail for each attendee whom the version concerns."""
    _queue(
        SessionBooking.objects.with_unannounced_changes().filter(
            session__event__schedule_versions=version_id
        ),
        find_links_to_notify().filter(personal_agenda__event__schedule_versions=version_id),
    )


def notify_changed_sessions() -> None:
    """Queue an e-mail for each attendee with unannounced changes. A periodic job."""
    _queue(SessionBooking.objects.with_unannounced_changes(), find_links_to_notify())


def _queue(bookings: QuerySet[SessionBooking], links: QuerySet[AgendaLink]) -> None:
    ids = {*bookings.values_list("registration", flat=True), *links.values_list("registration", flat=True)}
    enqueue_all(notify_session_changes, [(registration_id,) for registration_id in sorted(ids)])


def mark_changes_as_known(_version_id: int, session_ids: Collection[int]) -> None:
    """Store published changes as known to those who booked, since the organizers notify nobody of them.

    Starred sessions need no update: the version itself is marked as silent.
    """
    bookings = SessionBooking.objects.active().filter(session__in=session_ids)
    published = Session.objects.filter(pk=OuterRef("session"))
    bookings.update(
        notified_starts_at=Subquery(published.values("starts_at")),
        notified_room=Subquery(published.values("room")),
        is_cancellation_notified=Exists(published.filter(cancelled_at__isnull=False)),
    )


@task(queue_name=MAIL_QUEUE)
def notify_session_changes(registration_id: int) -> None:
    """Mail one attendee all changes that they do not know yet."""
    with hold_lease(f"sessions:{registration_id}"):
        registration = (
            Registration.objects.select_related("order", "event").filter(pk=registration_id).first()
        )
        if registration is None:
            return
        # Before the sessions are read: a version published meanwhile must not count as announced.
        version = find_last_version_number(registration.event)
        bookings = list(list_session_bookings(registration))
        changed = set(
            SessionBooking.objects.with_unannounced_changes()
            .filter(registration=registration)
            .values_list("pk", flat=True)
        )
        booked = [booking for booking in bookings if booking.pk in changed]
        links = list(find_links_to_notify().filter(registration=registration))
        sessions = [booking.session for booking in bookings]
        audience = get_attendee_audience(registration)
        starred = list_starred_changes(links, sessions)
        visible = [change for change in starred if change.session.is_visible_to(audience)]
        changes = [*list_booked_changes(booked, sessions), *visible]
        if changes and (registration.email or registration.order.email):
            with translation.override(registration.mail_language):
                _send_changes_mail(registration, changes)
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
    AgendaLink.objects.filter(pk__in=[link.pk for link in links]).update(notified_version=version)


def _send_changes_mail(registration: Registration, changes: list[ChangedSession]) -> None:
    try:
        send_mail_message(_write_changes_mail(registration, changes))
    except MailRefused:
        # A refusal is final: the change is stored as announced all the same.
        logger.warning("The mail server refused the mail about sessions of %s.", registration.reference)


def _write_changes_mail(registration: Registration, changes: list[ChangedSession]) -> MailMessage:
    event = registration.event
    page = reverse(
        "order-sessions",
        args=[registration.order.reference, make_own_secret(registration), registration.reference],
    )
    has_bookings = any(change.is_booked for change in changes)
    if not has_bookings:
        page = reverse("agenda", args=[event.slug])
    # Part of the Message-ID: a retry is the same mail, another change is another one.
    state = "-".join(f"{change.session.pk}.{change.session.sequence}" for change in changes)
    return MailMessage(
        to=registration.email or registration.order.email,
        subject=_write_subject(event, changes),
        template="session_changed",
        recipient_name=find_attendee_first_name(registration),
        context={
            "changes": changes,
            "event": event,
            "has_bookings": has_bookings,
            "notes": _list_version_notes(changes),
            "url": settings.SITE_URL + page,
        },
        language=registration.mail_language,
        message_key=f"sessions-{registration.pk}-{state}"[:200],
        accent=event.accent,
        reply_to=event.contact_email,
    )


def _list_version_notes(changes: list[ChangedSession]) -> list[str]:
    """Return what the organizers wrote about the versions that changed these sessions, oldest first."""
    versions = ScheduleVersion.objects.filter(
        is_silent=False, pk__in={change.session.published_in_id for change in changes}
    )
    return list(versions.exclude(note="").order_by("number").values_list("note", flat=True))


def _write_subject(event: Event, changes: list[ChangedSession]) -> str:
    if len(changes) > 1:
        return _("Your sessions have changed: %(event)s") % {"event": event.title}
    (change,) = changes
    return SUBJECTS[change.notice] % {"title": change.session.title}
