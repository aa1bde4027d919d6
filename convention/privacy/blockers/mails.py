"""E-mail organizers what they have to settle before a person can be erased, without naming the person."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.models import AuditEntry
from convention.club.addresses.own_addresses import find_owner
from convention.club.models import Person
from convention.db.leases import hold_lease
from convention.events.models import Event
from convention.events.permissions import get_leading_mandates_for, get_organizers
from convention.mail.messages import MailMessage, send_or_log
from convention.personal_data import DataSubject, EventBlocker, EventTask
from convention.privacy.find_data import add_known_addresses
from convention.privacy.models import PrivacyCase
from convention.privacy.registry import find_erasure_blockers
from convention.privacy.subjects import get_case_subject
from convention.text.dates import format_date
from convention.text.email_addresses import normalize_email


@dataclass(frozen=True)
class OrganizerRecipient:
    """An organizer, or the contact address of the event, which has no `person_id`."""

    email: str
    language: str
    name: str = ""
    first_name: str = ""
    person_id: int | None = None


@dataclass(frozen=True)
class OrganizerRequestText:
    """The sentences of the e-mail, in the active language."""

    subject: str
    opening: str
    closing: str


def list_recipients(event: Event, *, case: PrivacyCase) -> list[OrganizerRecipient]:
    """Return who can settle it: the team of the event, else its contact address, else nobody.

    The team are the leads of a group's meeting, the organizers of the event, or those of the club. The person
    to erase, who may be one of them, is left out, also if the case has only their address.
    """
    subject = get_case_subject(case)
    mandates = get_leading_mandates_for(event.pk, at=timezone.localdate())
    leads = Person.objects.filter(is_active=True, pk__in=mandates.values("person")).order_by("pk")
    people = [
        person
        for person in leads or get_organizers(event)
        if person.email and not _is_subject(person, subject)
    ]
    if people:
        return [
            OrganizerRecipient(person.email or "", person.language, str(person), person.first_name, person.pk)
            for person in people
        ]
    # The contact address may be that of the person to erase.
    if event.contact_email and not _is_address_of_subject(event.contact_email, subject):
        return [OrganizerRecipient(event.contact_email, settings.LANGUAGE_CODE)]
    return []


def _is_subject(person: Person, subject: DataSubject) -> bool:
    return person.pk == subject.person_id or normalize_email(person.email or "") in subject.addresses


def _is_address_of_subject(address: str, subject: DataSubject) -> bool:
    owner = find_owner(address, people=Person.objects.all())
    return _is_subject(owner, subject) if owner else normalize_email(address) in subject.addresses


def make_task_path(event: Event, event_task: EventTask) -> str:
    """Return the path of the organizers' page on which this is done."""
    references = [event_task.reference] if event_task.reference else []
    return f"{reverse(event_task.page_name, args=[event.slug, *references])}{event_task.suffix}"


@task()
def send_organizer_request(entry_id: int, case_id: int, event_id: int, person_id: int | None) -> None:
    """E-mail one recipient, unless it was settled meanwhile. Raise MailNotSent."""
    event = Event.objects.select_related("venue").get(pk=event_id)
    case = PrivacyCase.objects.unanswered().select_related("person").filter(pk=case_id).first()
    recipients = list_recipients(event, case=case) if case else []
    # They may have lost the role, and with it the right to know, since the e-mail was queued.
    found = [recipient for recipient in recipients if recipient.person_id == person_id]
    if case is None or not found:
        return
    [recipient] = found
    entry = AuditEntry.objects.select_related("actor").get(pk=entry_id)
    # The queue runs a task again after a worker died: the lease keeps two workers from mailing at once.
    with (
        hold_lease(f"privacy-ask:{entry_id}:{person_id}"),
        translation.override(recipient.language),
    ):
        if tasks := _list_open_tasks(case, event):
            send_or_log(_write_organizer_request(case, event, tasks, recipient, entry))


def _list_open_tasks(case: PrivacyCase, event: Event) -> list[EventTask]:
    blockers = find_erasure_blockers(add_known_addresses(get_case_subject(case)))
    return [
        event_task
        for blocker in blockers
        if isinstance(blocker, EventBlocker) and blocker.event == event
        for event_task in blocker.tasks
    ]


def describe_organizer_request(case: PrivacyCase, event: Event) -> OrganizerRequestText:
    """Return the sentences of the e-mail. None names the person: the page behind the link does."""
    values = {"event": event.title, "due": format_date(case.due_on)}
    return OrganizerRequestText(
        subject=_("“%(event)s”: please act on an erasure request by %(due)s") % values,
        opening=_(
            "Someone who is registered for “%(event)s” or on its waiting list has asked the club to erase "
            "their personal data. The club must answer by %(due)s. It cannot erase anything until you have "
            "done this:"
        )
        % values,
        closing=_(
            "If a payment is concerned, the page shows the refund before you confirm. You don’t have to "
            "report back: the secretary sees when it is done. Any questions? Reply to this e-mail."
        ),
    )


def _write_organizer_request(
    case: PrivacyCase,
    event: Event,
    tasks: Sequence[EventTask],
    recipient: OrganizerRecipient,
    entry: AuditEntry,
) -> MailMessage:
    text = describe_organizer_request(case, event)
    links = [
        (event_task.label, f"{settings.SITE_URL}{make_task_path(event, event_task)}") for event_task in tasks
    ]
    return MailMessage(
        to=recipient.email,
        subject=text.subject,
        template="organizer_request",
        recipient_name=recipient.first_name,
        context={"event": event, "text": text, "links": links},
        language=recipient.language,
        # A new request is another e-mail; a task that runs twice sends the same one.
        message_key=f"privacy-ask-{entry.pk}-{recipient.person_id or 'event'}",
        accent=event.accent,
        # The organizers answer the one who asks: the address of the event would be their own.
        reply_to=(entry.actor.email or "") if entry.actor else "",
    )
