"""Follow new dates of a visit that members know of: one e-mail to each person concerned, links, reminders."""

import datetime

from django.conf import settings
from django.db.models import F
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.mail.messages import MailAttachment, MailMessage, send_or_log
from convention.text.email_addresses import is_same_email
from registrations.orders.calendar import build_calendar_file
from registrations.permissions import get_full_access
from registrations.visits.hosts.permissions import find_current_list
from registrations.visits.models import Application, DayMail, HostContact, Visit

from .event_hooks import round_to_minutes

# Drafts are unknown to members, and what is over or was called off concerns nobody any more.
ANNOUNCED_STATES = (Visit.State.PUBLISHED, Visit.State.CLOSED, Visit.State.LOCKED, Visit.State.SENT)


def follow_new_dates(stored: Event, event: Event) -> None:
    """Tell everyone concerned that the visit moves from the dates of `stored` to those of `event`.

    Open links to the list last as much longer or shorter, and reminders are sent again for the new dates.
    """
    if event.kind != Event.Kind.SITE_VISIT or round_to_minutes(stored) == round_to_minutes(event):
        return
    visit = Visit.objects.filter(event=event).first()
    if visit is None:
        return
    visit.event = event
    now = timezone.now()
    # Visitors are on their way or on site when a visit has begun; then only its end can change.
    if visit.state not in ANNOUNCED_STATES or event.starts_at <= now:
        return
    Visit.objects.filter(pk=visit.pk).update(moved_at=now)
    open_links = visit.lists.exclude(link_hash="").filter(link_expires_at__gt=now)
    open_links.update(link_expires_at=F("link_expires_at") + (event.ends_at - stored.ends_at))
    kinds = (DayMail.Kind.WEEK, DayMail.Kind.DAY_BEFORE)
    DayMail.objects.filter(application__visit=visit, kind__in=kinds).delete()
    # Calendar programs take over changed dates from a file with a higher number only.
    advance_sequence(event.pk)
    _queue_mails(visit, stored, moved_at=now)


def _queue_mails(visit: Visit, stored: Event, *, moved_at: datetime.datetime) -> None:
    move = (stored.starts_at.isoformat(), stored.ends_at.isoformat(), moved_at.isoformat())
    for pk in Application.objects.still_valid().filter(visit=visit).values_list("pk", flat=True):
        notify_applicant_of_new_dates.enqueue(pk, *move)
    contacts = visit.host_contacts.active()
    for contact in contacts:
        notify_contact_of_new_dates.enqueue(contact.pk, *move)
    # The security contact may be a contact of the host too, and needs one mail only.
    if visit.security_email and not any(is_same_email(c.email, visit.security_email) for c in contacts):
        notify_security_of_new_dates.enqueue(visit.pk, *move)


@task()
def notify_applicant_of_new_dates(application_id: int, old_start: str, old_end: str, moved_at: str) -> None:
    """Mail the old and the new dates to somebody with a place or waiting for one. Raise MailNotSent."""
    rows = Application.objects.still_valid().select_related(
        "visit__event__venue", "person", "registration__order__event"
    )
    application = rows.filter(pk=application_id, person__email__isnull=False).first()
    if application is None or application.person is None:
        return
    if not _is_current_move(application.visit, (old_start, old_end), moved_at):
        return
    person, visit = application.person, application.visit
    url = settings.SITE_URL + reverse("visit", args=[visit.event.slug])
    with translation.override(person.language):
        send_or_log(
            _build_message(
                visit,
                (old_start, old_end),
                moved_at=moved_at,
                to=person.email or "",
                name=person.first_name,
                language=person.language,
                key=f"applicant-{application.pk}",
                attachments=_make_calendar_files(application),
                application=application,
                has_rides=application.ride_seats.exists(),
                url=url,
            )
        )


@task()
def notify_contact_of_new_dates(contact_id: int, old_start: str, old_end: str, moved_at: str) -> None:
    """Mail the old and the new dates to a contact of the host. Raise MailNotSent."""
    rows = HostContact.objects.active().select_related("visit__event__venue")
    contact = rows.filter(pk=contact_id).first()
    if contact is None or not _is_current_move(contact.visit, (old_start, old_end), moved_at):
        return
    with translation.override(contact.language):
        send_or_log(
            _build_message(
                contact.visit,
                (old_start, old_end),
                moved_at=moved_at,
                to=contact.email,
                name=contact.name,
                language=contact.language,
                key=f"contact-{contact.pk}",
            )
        )


@task()
def notify_security_of_new_dates(visit_id: int, old_start: str, old_end: str, moved_at: str) -> None:
    """Mail the old and the new dates to the host's security contact. Raise MailNotSent."""
    visit = Visit.objects.active().select_related("event__venue").filter(pk=visit_id).first()
    if visit is None or not visit.security_email:
        return
    if not _is_current_move(visit, (old_start, old_end), moved_at):
        return
    sent_list = find_current_list(visit)
    language = sent_list.language if sent_list else settings.LANGUAGE_CODE
    with translation.override(language):
        send_or_log(
            _build_message(
                visit,
                (old_start, old_end),
                moved_at=moved_at,
                to=visit.security_email,
                name=visit.security_name,
                language=language,
                key=f"security-{visit.pk}",
            )
        )


def _is_current_move(visit: Visit, old_dates: tuple[str, str], moved_at: str) -> bool:
    """Return whether the visit has other dates than before this move, and was not moved again since.

    The mail about the later move names the present dates.
    """
    old_starts_at, old_ends_at = map(datetime.datetime.fromisoformat, old_dates)
    is_moved_again = visit.moved_at is not None and visit.moved_at > datetime.datetime.fromisoformat(moved_at)
    return not is_moved_again and (visit.event.starts_at, visit.event.ends_at) != (old_starts_at, old_ends_at)


def _build_message(
    visit: Visit,
    old_dates: tuple[str, str],
    *,
    moved_at: str,
    to: str,
    name: str,
    language: str,
    key: str,
    attachments: tuple[MailAttachment, ...] = (),
    **context: object,
) -> MailMessage:
    """Return the mail with the dates before the change and those of now."""
    event = visit.event
    old_starts_at, old_ends_at = (datetime.datetime.fromisoformat(moment) for moment in old_dates)
    return MailMessage(
        to=to,
        subject=_("New date: %(visit)s") % {"visit": event.title},
        template="visit_moved",
        recipient_name=name,
        context={
            "event": event,
            "visit": visit,
            "old_starts_at": old_starts_at,
            "old_ends_at": old_ends_at,
            **context,
        },
        language=language,
        # Mail programs drop a repeat of the same move. The dates alone would not tell a later move from it:
        # a visit may move there and back more than once.
        message_key=f"visit-moved-{key}-{datetime.datetime.fromisoformat(moved_at).timestamp():.6f}",
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=attachments,
    )


def _make_calendar_files(application: Application) -> tuple[MailAttachment, ...]:
    """Return the calendar file of the confirmation with the new dates, for those with a place."""
    registration = application.registration
    if registration is None:
        return ()
    return (
        MailAttachment(
            name=f"{application.visit.event.slug}.ics",
            content=build_calendar_file(get_full_access(registration.order)),
            mimetype="text/calendar; charset=utf-8; method=PUBLISH",
        ),
    )
