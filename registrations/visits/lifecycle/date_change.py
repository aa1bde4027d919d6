"""Follow new dates of a visit: rides, identities, links, reminders, and an e-mail to everyone concerned."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import F, Model
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.db.leases import hold_lease
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.mail.messages import MailAttachment, MailMessage, send_or_log
from convention.tasks.queue import enqueue_all
from convention.tasks.queue_names import MAIL_QUEUE
from convention.text.dates import format_date, format_datetime_range
from convention.text.email_addresses import is_same_email
from registrations.orders.calendar import build_calendar_file
from registrations.permissions import get_access_of
from registrations.visits.hosts.permissions import find_current_list
from registrations.visits.identity.fields import (
    WINDOW_OPEN,
    compute_identity_opening,
    get_identity_window,
)
from registrations.visits.models import Application, DayMail, HostContact, NotifiedDates, Visit
from registrations.visits.models.visits import MAX_IDENTITY_DAYS_BEFORE
from registrations.visits.rides.calendar import list_rides
from registrations.visits.rides.edit_rides import shift_rides

from .event_hooks import round_to_minutes

# Drafts are unknown to members, and what is over or was called off concerns nobody any more.
ANNOUNCED_STATES = (Visit.State.PUBLISHED, Visit.State.CLOSED, Visit.State.LOCKED, Visit.State.SENT)


def follow_new_dates(stored: Event, event: Event) -> list[str]:
    """Move rides, links and reminders of a visit from the dates of `stored` to those of `event`.

    Tell everyone concerned if members know of the visit. Return sentences on the e-mails and the rides for
    the organizer.
    """
    visit = _find_moved_visit(stored, event)
    if visit is None:
        return []
    shifted_count = shift_rides(
        visit=visit,
        start_shift=event.starts_at - stored.starts_at,
        end_shift=event.ends_at - stored.ends_at,
    )
    sentences = []
    if visit.state in ANNOUNCED_STATES:
        if mail_count := count_date_recipients(visit).total:
            sentences.append(_describe_sent_mails(mail_count))
        sentences += _extend_identity_period(visit, stored)
        _announce_new_dates(visit, stored)
    return [*sentences, *(_describe_shifted_rides(visit, shifted_count) if shifted_count else [])]


def list_date_change_effects(stored: Event, event: Event) -> list[str]:
    """Return the new dates and who is e-mailed about them, for a confirmation; empty if nobody is."""
    visit = _find_moved_visit(stored, event)
    if visit is None or visit.state not in ANNOUNCED_STATES:
        return []
    recipients = count_date_recipients(visit)
    if not recipients.total:
        return []
    old_dates = format_datetime_range(stored.starts_at, stored.ends_at, stored.zone)
    new_dates = format_datetime_range(event.starts_at, event.ends_at, event.zone)
    return [
        _("Old date: %(dates)s") % {"dates": old_dates},
        _("New date: %(dates)s") % {"dates": new_dates},
        *_describe_recipients(recipients),
        _("The e-mails are sent at once and cannot be recalled."),
    ]


def _find_moved_visit(stored: Event, event: Event) -> Visit | None:
    """Return the visit whose dates differ, unless it was called off or has begun."""
    if event.kind != Event.Kind.SITE_VISIT or round_to_minutes(stored) == round_to_minutes(event):
        return None
    visit = Visit.objects.filter(event=stored.pk, cancelled_at=None).first()
    # Visitors are on their way or on site when a visit has begun; then only its end can change.
    if visit is None or event.starts_at <= timezone.now():
        return None
    visit.event = event
    return visit


@dataclass(frozen=True)
class DateRecipients:
    """How many people are told of new dates."""

    applicant_count: int
    contact_count: int
    has_security_contact: bool

    @property
    def total(self) -> int:
        return self.applicant_count + self.contact_count + self.has_security_contact


def count_date_recipients(visit: Visit) -> DateRecipients:
    """Return how many people concerned by the dates of a visit have an address."""
    applications = Application.objects.still_valid().filter(visit=visit, person__email__isnull=False)
    return DateRecipients(
        applicant_count=applications.count(),
        contact_count=visit.host_contacts.active().count(),
        has_security_contact=_has_separate_security_contact(visit),
    )


def _describe_recipients(recipients: DateRecipients) -> list[str]:
    applicants = ngettext(
        "%(count)d person with a place or waiting for one will be informed.",
        "%(count)d people with a place or waiting for one will be informed.",
        recipients.applicant_count,
    )
    contacts = ngettext(
        "%(count)d contact of the host will be informed.",
        "%(count)d contacts of the host will be informed.",
        recipients.contact_count,
    )
    sentences = [
        sentence % {"count": count}
        for sentence, count in (
            (applicants, recipients.applicant_count),
            (contacts, recipients.contact_count),
        )
        if count
    ]
    if recipients.has_security_contact:
        sentences.append(_("The host’s security contact will be informed."))
    return sentences


def _describe_sent_mails(mail_count: int) -> str:
    sentence = ngettext(
        "%(count)d e-mail with the new date is on its way.",
        "%(count)d e-mails with the new date are on their way.",
        mail_count,
    )
    return sentence % {"count": mail_count}


def _announce_new_dates(visit: Visit, stored: Event) -> None:
    """Queue the mails. Open links to the list last as much longer or shorter; reminders are sent again."""
    event, now = visit.event, timezone.now()
    Visit.objects.filter(pk=visit.pk).update(moved_at=now)
    # Also those of e-mails that have not been sent yet; revoked links have expired.
    open_links = visit.lists.filter(link_expires_at__gt=now)
    open_links.update(link_expires_at=F("link_expires_at") + (event.ends_at - stored.ends_at))
    kinds = (DayMail.Kind.WEEK, DayMail.Kind.DAY_BEFORE)
    DayMail.objects.filter(application__visit=visit, kind__in=kinds).delete()
    # Calendar programs take over changed dates from a file with a higher number only.
    advance_sequence(event.pk)
    _queue_mails(visit, stored)


def _extend_identity_period(visit: Visit, stored: Event) -> list[str]:
    """Request identities more days before the visit if the new date would end a request that has begun.

    Return a sentence on it for the organizer.
    """
    event, days_before = visit.event, visit.identity_days_before
    old_opening = compute_identity_opening(stored, days_before=days_before)
    new_opening = compute_identity_opening(event, days_before=days_before)
    # Visitors were asked already, and some have answered.
    if not visit.identity_fields or not old_opening <= timezone.now() < new_opening:
        return []
    postponed_days = (new_opening.date() - old_opening.date()).days
    visit.identity_days_before = min(days_before + postponed_days, MAX_IDENTITY_DAYS_BEFORE)
    visit.save(update_fields=["identity_days_before"])
    record_action("visit.change", visit, event=event, fields=["identity_days_before"])
    if get_identity_window(visit).state_at(timezone.now()) == WINDOW_OPEN:
        sentence = _("Visitors can still enter their identity details: the request for them stays open.")
        return [sentence]
    day = format_date(get_identity_window(visit).opens_at, event.zone)
    sentence = _(
        "Visitors can enter their identity details again from %(day)s, %(days)d days before the visit."
    )
    return [sentence % {"day": day, "days": visit.identity_days_before}]


def _describe_shifted_rides(visit: Visit, shifted_count: int) -> list[str]:
    sentence = ngettext(
        "One ride has moved with the visit. Check its time under “Rides”.",
        "%(count)d rides have moved with the visit. Check their times under “Rides”.",
        shifted_count,
    ) % {"count": shifted_count}
    if visit.state not in ANNOUNCED_STATES:
        return [sentence]
    passengers = _("Passengers will get the new times in the e-mail about the new date.")
    return [f"{sentence} {passengers}"]


def _queue_mails(visit: Visit, stored: Event) -> None:
    """Queue a mail to each recipient, and remember the dates that they knew until now."""
    recipients: list[dict[str, Model]] = [
        {"application": application} for application in Application.objects.still_valid().filter(visit=visit)
    ]
    recipients += [{"contact": contact} for contact in visit.host_contacts.active()]
    # The host's security contact.
    recipients.append({})
    rows = [
        NotifiedDates(visit=visit, starts_at=stored.starts_at, ends_at=stored.ends_at, **recipient)
        for recipient in recipients
    ]
    # Those who have a row were told its dates, or will be told of this move instead of an earlier one.
    NotifiedDates.objects.bulk_create(rows, ignore_conflicts=True)
    enqueue_all(
        notify_of_new_dates, NotifiedDates.objects.filter(visit=visit).order_by("pk").values_list("pk")
    )


@task(queue_name=MAIL_QUEUE)
def notify_of_new_dates(notified_dates_id: int) -> None:
    """Mail the new dates and the last ones that the recipient was told, unless they are the same.

    Raise MailNotSent.
    """
    rows = NotifiedDates.objects.select_related("visit__event__venue")
    # A visit that moves twice queues two tasks for each recipient.
    with hold_lease(f"visit-dates:{notified_dates_id}"):
        notified = rows.filter(pk=notified_dates_id, visit__cancelled_at__isnull=True).first()
        if notified is None or round_to_minutes(notified) == round_to_minutes(notified.visit.event):
            return
        message = _build_message_to_recipient(notified)
        if message is None:
            # Somebody who is entered later starts with the dates of then.
            notified.delete()
            return
        send_or_log(message)
        # The dates that were sent: the visit may have moved again meanwhile.
        event = notified.visit.event
        NotifiedDates.objects.filter(pk=notified.pk).update(starts_at=event.starts_at, ends_at=event.ends_at)


def _build_message_to_recipient(notified: NotifiedDates) -> MailMessage | None:
    """Return the mail to the recipient; None for one who no longer takes part."""
    if notified.application_id:
        return _build_message_to_applicant(notified)
    if notified.contact_id:
        return _build_message_to_contact(notified)
    return _build_message_to_security(notified)


def _build_message_to_applicant(notified: NotifiedDates) -> MailMessage | None:
    """Return the mail to somebody with a place or waiting for one."""
    rows = Application.objects.still_valid().select_related(
        "visit__event__venue", "person", "registration__order__event"
    )
    application = rows.filter(notified_dates=notified, person__email__isnull=False).first()
    if application is None or application.person is None:
        return None
    person = application.person
    with translation.override(person.language):
        return _build_message(
            notified,
            to=person.email or "",
            name=person.first_name,
            language=person.language,
            key=f"applicant-{application.pk}",
            attachments=_make_calendar_files(application),
            application=application,
            rides=list_rides(application),
            url=settings.SITE_URL + reverse("visit", args=[notified.visit.event.slug]),
        )


def _build_message_to_contact(notified: NotifiedDates) -> MailMessage | None:
    """Return the mail to a contact of the host."""
    contact = HostContact.objects.active().filter(notified_dates=notified).first()
    if contact is None:
        return None
    with translation.override(contact.language):
        return _build_message(
            notified,
            to=contact.email,
            name=contact.name,
            language=contact.language,
            key=f"contact-{contact.pk}",
        )


def _build_message_to_security(notified: NotifiedDates) -> MailMessage | None:
    """Return the mail to the host's security contact."""
    visit = notified.visit
    if not _has_separate_security_contact(visit):
        return None
    sent_list = find_current_list(visit)
    language = sent_list.language if sent_list else settings.LANGUAGE_CODE
    with translation.override(language):
        return _build_message(
            notified,
            to=visit.security_email,
            name=visit.security_name,
            language=language,
            key=f"security-{visit.pk}",
        )


def _has_separate_security_contact(visit: Visit) -> bool:
    # The security contact may be a contact of the host too, and needs one mail only.
    contacts = visit.host_contacts.active()
    return bool(visit.security_email) and not any(
        is_same_email(contact.email, visit.security_email) for contact in contacts
    )


def _build_message(
    notified: NotifiedDates,
    *,
    to: str,
    name: str,
    language: str,
    key: str,
    attachments: tuple[MailAttachment, ...] = (),
    **context: object,
) -> MailMessage:
    """Return the mail with the dates that the recipient was last told and those of now."""
    visit, event = notified.visit, notified.visit.event
    assert visit.moved_at
    return MailMessage(
        to=to,
        subject=_("New date: %(visit)s") % {"visit": event.title},
        template="visit_moved",
        recipient_name=name,
        context={
            "event": event,
            "visit": visit,
            "old_starts_at": notified.starts_at,
            "old_ends_at": notified.ends_at,
            **context,
        },
        language=language,
        # Mail programs drop a repeat of the same move. The dates alone would not tell a later move from it:
        # a visit may move there and back more than once.
        message_key=f"visit-moved-{key}-{visit.moved_at.timestamp():.6f}",
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=attachments,
    )


def _make_calendar_files(application: Application) -> tuple[MailAttachment, ...]:
    """Return the calendar file of the confirmation with the new dates, for those with a place."""
    registration = application.registration
    if registration is None:
        return ()
    link_access = get_access_of(registration)
    return (
        MailAttachment(
            name=f"{application.visit.event.slug}.ics",
            content=build_calendar_file(link_access),
            mimetype="text/calendar; charset=utf-8; method=PUBLISH",
        ),
    )
