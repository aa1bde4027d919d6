"""Preview a mailing as a real recipient would get it, and send it to oneself."""

import secrets

from django.db import transaction
from django.tasks import task
from django.utils.translation import gettext as _

from badges.mailings.models import Mailing
from badges.mailings.unsubscribe import TEST_RECIPIENT_ID
from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError
from convention.mail.messages import MailMessage, send_mail_message
from registrations.models import Registration, WaitingEntry

from .audience import MailGroup, MailingAudience, build_audience
from .invitations import make_person_key, read_person_key, select_recipient_registrations
from .mailing_writer import Addressee, MailingWriter, make_test_mail
from .segments import Segment
from .waiting_list import list_entries_to_mail, make_entry_key, read_entry_key

MAX_NAMES_SHOWN = 100


class NoPreviewRecipient(ConventionError):
    """There is no recipient or no text to preview."""

    kind = "nobody-to-show"


def list_preview_names(audience: MailingAudience) -> list[tuple[str, str]]:
    """Return reference and name of the first recipients."""
    groups = audience.groups[:MAX_NAMES_SHOWN]
    addresses = {group.registration_ids[0]: group.address for group in groups if group.registration_ids}
    rows = Registration.objects.filter(pk__in=addresses).order_by("sort_name", "pk")
    waiting = {
        group.waiting_entry_ids[0]: group.address
        for group in groups
        if group.waiting_entry_ids and not group.registration_ids
    }
    people = Person.objects.filter(pk__in=[group.person_id for group in groups if group.person_id])
    entries = WaitingEntry.objects.filter(pk__in=waiting).order_by("last_name", "first_name", "pk")
    return [
        *((row.reference, f"{row.name} ({addresses[row.pk]})") for row in rows),
        *((make_entry_key(entry.pk), f"{entry.name} ({waiting[entry.pk]})") for entry in entries),
        *((make_person_key(person.pk), f"{person.name} ({person.email})") for person in people),
    ]


def write_preview_mail(mailing: Mailing, *, language: str, reference: str = "") -> MailMessage:
    """Write the message that this registration would get, or the first recipient.

    Raise NoPreviewRecipient.
    """
    if language not in mailing.languages:
        raise NoPreviewRecipient(_("There is no text in this language yet."))
    group = _find_preview_group(build_audience(mailing), language, reference, mailing)
    people = Registration.objects.select_related("order", "ticket").filter(pk__in=group.registration_ids)
    addressee = Addressee(
        list(people.order_by("pk")),
        language,
        TEST_RECIPIENT_ID,
        f"mailing-{mailing.pk}-test",
        list(list_entries_to_mail(mailing.event).filter(pk__in=group.waiting_entry_ids)),
        Person.objects.filter(pk=group.person_id).first(),
    )
    addressee.attach_event(mailing.event)
    return MailingWriter(mailing, language).write(addressee)


def _find_preview_group(
    audience: MailingAudience, language: str, reference: str, mailing: Mailing
) -> MailGroup:
    """Return the group of that person, else the first that reads the language, else the first."""
    rows = select_recipient_registrations(Segment.from_json(mailing.segment), mailing.event)
    matching_ids = rows.filter(reference=reference).values_list("pk", flat=True)
    pk = matching_ids.first() if reference else None
    groups = [
        *(group for group in audience.groups if pk in group.registration_ids),
        *(group for group in audience.groups if read_entry_key(reference) in group.waiting_entry_ids),
        *(
            group
            for group in audience.groups
            if group.person_id and read_person_key(reference) == group.person_id
        ),
        *(group for group in audience.groups if group.language == language),
        *audience.groups,
    ]
    if not groups:
        raise NoPreviewRecipient(_("No recipients match: choose other criteria."))
    return groups[0]


@transaction.atomic
def queue_test_mail(*, mailing: Mailing, person: Person, language: str, reference: str = "") -> str:
    """Queue the message to the organizer who asked for it; return their address. Raise NoPreviewRecipient."""
    # Written here once to raise its errors now, where the organizer sees them, and not in the task.
    write_preview_mail(mailing, language=language, reference=reference)
    address = person.email
    if not address:
        raise NoPreviewRecipient(_("Your account has no e-mail address to send the test to."))
    record_action("mailing.test", mailing, event=mailing.event)
    send_test_mail.enqueue(mailing.pk, person.pk, language, reference)
    return address


@task()
def send_test_mail(mailing_id: int, person_id: int, language: str, reference: str) -> None:
    """Send the message; its message key tells repeated tests apart."""
    mailing = Mailing.objects.select_related("event__venue").get(pk=mailing_id)
    message = write_preview_mail(mailing, language=language, reference=reference)
    person = Person.objects.get(pk=person_id)
    send_mail_message(
        make_test_mail(message, to=person.email or "", key=f"{message.message_key}-{secrets.token_hex(6)}")
    )
