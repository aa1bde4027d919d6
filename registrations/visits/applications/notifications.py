"""Mails to applicants: accept the text (with one reminder), no place left, visit cancelled, place revoked.

`notify_applicant` derives the mail that is due from the current state instead of from an event, and records
what the mail server accepted; calling it too often is therefore harmless.
"""

import datetime
import logging

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.db.leases import hold_lease
from convention.mail.messages import MailAttachment, MailMessage, MailRefused, send_mail_message
from registrations.orders.calendar import build_calendar_file
from registrations.permissions import get_access_of
from registrations.visits.models import Application, NdaText, Visit
from registrations.visits.rides.calendar import build_ride_calendar, list_rides

from .state import ApplicationState, find_agreed_ids, find_replaced_ids, find_states
from .visitor_steps import list_visitor_steps

logger = logging.getLogger(__name__)
# Before the lock; visitors who have not accepted the text by then are left off the list.
LOCK_REMINDER_PERIOD = datetime.timedelta(days=3)
# The page that follows an application leads to the terms: those who accept them there need no e-mail about
# them beside the confirmation.
TEXT_REQUEST_DELAY = datetime.timedelta(hours=2)


def queue_text_request(application: Application) -> None:
    """Queue the mail that asks a person who just got a place to accept the text, unless they do so first."""
    visit, registration = application.visit, application.registration
    # The host has approved them after the lock: they get a single mail, the confirmation, which names the
    # terms as the next step.
    if application.proposed_at and registration and registration.confirmation_sent_at is None:
        _record_text_request(application)
        return
    # Near the lock or after it no time is to be lost.
    is_urgent = application.proposed_at or visit.locked_at or is_lock_near(visit)
    delay = datetime.timedelta() if is_urgent else TEXT_REQUEST_DELAY
    notify_applicant.using(run_after=timezone.now() + delay).enqueue(application.pk)


def _record_text_request(application: Application) -> None:
    """Save that the applicant is asked for the current text, by the confirmation of their place."""
    text = NdaText.objects.filter(visit=application.visit).first()
    key = f"text{text.number}" if text else ""
    if key and key not in application.sent_mails:
        application.sent_mails = [*application.sent_mails, key]
        application.save(update_fields=["sent_mails"])


@task()
def notify_applicant(application_id: int) -> None:
    """Send the mail that is due for this application, if any."""
    # `sent_mails` is read, extended and written back: two tasks at once would lose a key or send twice.
    with hold_lease(f"application:{application_id}"):
        rows = Application.objects.select_related("visit__event__venue", "visit__event__host", "person")
        # An erased person has no address left, and nothing can be mailed.
        application = rows.filter(pk=application_id, person__email__isnull=False).first()
        if application is None or application.person is None:
            return
        with translation.override(application.person.language):
            kind, number = _find_due_mail(application)
            if kind and f"{kind}{number}" not in application.sent_mails:
                _send_mail(application, kind, number)


@task()
def confirm_requested_withdrawal(application_id: int) -> None:
    """Tell the applicant that the organizer withdrew the application as they asked."""
    with hold_lease(f"application:{application_id}"):
        rows = Application.objects.select_related("visit__event__venue", "visit__event__host", "person")
        application = rows.filter(pk=application_id, person__email__isnull=False).first()
        if application is None or application.person is None or "at_request0" in application.sent_mails:
            return
        with translation.override(application.person.language):
            _send_mail(application, "at_request", 0)


def _find_due_mail(application: Application) -> tuple[str, int]:
    """Return the kind of the due mail and its number, ("", 0) if none is due.

    The kind is `text` or `reminder` (with a version), `no_place` (with the number of the offers that the
    applicant was notified of), `revoked` or `cancelled`.
    """
    visit = application.visit
    state = find_states(visit, [application])[application.pk]
    # Before the states: a cancelled visit has released all places, so that every application has ended.
    if visit.cancelled_at:
        return ("" if _has_ended(application) else "cancelled"), 0
    if state in (ApplicationState.REVOKED, ApplicationState.REPLACED):
        return "revoked", 0
    if state == ApplicationState.WAITING:
        # Places may still become free until the lock; afterwards none is offered to the waiting list.
        if visit.locked_at is None:
            return "", 0
        entry = application.waiting_entry
        # A list that was reopened can be locked again: only an offer made meanwhile makes that news.
        return "no_place", entry.notified_offer_count if entry else 0
    text = NdaText.objects.filter(visit=visit).first()
    if text is None or state != ApplicationState.CONFIRMED:
        return "", 0
    # A reminder follows a request for the same version; a new version is requested first.
    was_asked = f"text{text.number}" in application.sent_mails
    return ("reminder" if was_asked and is_lock_near(visit) else "text"), text.number


def was_notified_of_lock(application: Application) -> bool:
    """Return whether the applicant, who waits for a place, knows of an earlier lock that none was left."""
    return any(key.startswith("no_place") for key in application.sent_mails)


def is_lock_near(visit: Visit) -> bool:
    """Return whether the list will be locked within `LOCK_REMINDER_PERIOD`."""
    return (
        visit.locked_at is None and timezone.now() < visit.locks_at <= timezone.now() + LOCK_REMINDER_PERIOD
    )


def remind_before_lock() -> None:
    """Periodic job: shortly before the lock, remind each visitor once who has not accepted the text."""
    visits = Visit.objects.published().filter(locked_at__isnull=True, event__starts_at__gt=timezone.now())
    visit_ids = [visit.pk for visit in visits.select_related("event") if is_lock_near(visit)]
    applications = list(Application.objects.confirmed().filter(visit__in=visit_ids))
    agreed_ids = find_agreed_ids(applications)
    today = timezone.localdate()
    for application in applications:
        # At most one reminder per application, even if a new version follows.
        was_reminded = any(kind.startswith("reminder") for kind in application.sent_mails)
        # A reminder by hand (`visitor_list/remind.py`) is enough for its day.
        was_reminded = was_reminded or application.was_reminded_on(today)
        if application.pk not in agreed_ids and not was_reminded:
            notify_applicant.enqueue(application.pk)


def _has_ended(application: Application) -> bool:
    return bool(application.withdrawn_at or application.refused_at or application.host_refused_at)


def _send_mail(application: Application, kind: str, number: int) -> None:
    try:
        send_mail_message(_build_message(application, kind, number))
    # Still recorded as sent below: the refusal is permanent, and a retry would be refused too.
    except MailRefused:
        logger.warning("The mail server refused the mail %s of the application %s.", kind, application.pk)
    application.sent_mails = [*application.sent_mails, f"{kind}{number}"]
    application.save(update_fields=["sent_mails"])


def _build_message(application: Application, kind: str, number: int) -> MailMessage:
    visit, person = application.visit, application.person
    assert person is not None
    event = visit.event
    subjects = {
        "text": _("Please accept the confidentiality terms: %(visit)s"),
        "reminder": _("Reminder: please accept the confidentiality terms for %(visit)s"),
        "no_place": _("No places left: %(visit)s"),
        "revoked": _("Your place has been withdrawn: %(visit)s"),
        "replaced": _("Your place has been given to someone else: %(visit)s"),
        "ended": _("Your application has been closed: %(visit)s"),
        "cancelled": _("Called off: %(visit)s"),
        "at_request": _("Cancelled, as you asked: %(visit)s"),
    }
    text_kind = _find_revocation_kind(application) if kind == "revoked" else kind
    path = reverse("visit-confidentiality" if kind in ("text", "reminder") else "visit", args=[event.slug])
    return MailMessage(
        to=person.email or "",
        subject=subjects[text_kind] % {"visit": event.title},
        template="visit_applicant",
        recipient_name=person.first_name,
        context={
            "kind": "text" if kind == "reminder" else text_kind,
            "is_new_text": kind in ("text", "reminder")
            and number > 1
            and _knows_earlier_text(application, number),
            "application": application,
            "visit": visit,
            "event": event,
            "person": person,
            "locks_at": visit.locks_at,
            "later_steps": _list_later_steps(application) if kind in ("text", "reminder") else [],
            "url": f"{settings.SITE_URL}{path}",
        },
        language=person.language,
        message_key=f"visit-{kind}-{application.pk}-{number}",
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=_make_cancellation_files(application)
        if kind in ("cancelled", "revoked", "at_request")
        else (),
    )


def _find_revocation_kind(application: Application) -> str:
    """Return `ended` without a place, `replaced` if somebody else has it by now, else `revoked`."""
    if application.registration_id is None:
        return "ended"
    return "replaced" if application.pk in find_replaced_ids([application]) else "revoked"


def _list_later_steps(application: Application) -> list[tuple[str, str]]:
    """Return label and address of the open steps beside the terms, such as the identity details."""
    registration = application.registration
    steps = list_visitor_steps([registration]).get(registration.pk, []) if registration else []
    terms_path = reverse("visit-confidentiality", args=[application.visit.event.slug])
    return [
        (step.label, f"{settings.SITE_URL}{step.path}" if step.path else "")
        for step in steps
        if step.path != terms_path
    ]


def _knows_earlier_text(application: Application, number: int) -> bool:
    """Return whether an earlier version than this was mailed to the applicant or accepted by them."""
    was_mailed = any(f"text{earlier}" in application.sent_mails for earlier in range(1, number))
    return was_mailed or application.acceptances.filter(nda__number__lt=number).exists()


def _make_cancellation_files(application: Application) -> list[MailAttachment]:
    """Return files that cancel the visit, and their rides if it was called off, in the visitor's calendar."""
    registration = application.registration
    # Without a place nothing was ever put into a calendar.
    if registration is None:
        return []
    link_access = get_access_of(registration)
    contents = {"visit": build_calendar_file(link_access)}
    # Without a ride, that file would hold the visit a second time.
    if application.visit.cancelled_at and list_rides(application):
        contents["rides"] = build_ride_calendar(application)
    # The method of the file (RFC 5546) is repeated as parameter (RFC 6047), without which some mail programs
    # offer no import.
    mimetype = "text/calendar; charset=utf-8; method=PUBLISH"
    return [
        MailAttachment(name=f"{name}.ics", content=content, mimetype=mimetype)
        for name, content in contents.items()
    ]
