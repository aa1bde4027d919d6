"""Record that mail to an address bounced; it gets no more mailings until it is corrected or cleared.

Only addresses that some registration, waiting list entry, speaker or invited person has are stored: a report
about strangers must leave no data.
"""

import re
from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.mailings.composing.mailing_writer import Addressee
from badges.mailings.composing.waiting_list import find_waiting_entries_by_address, list_entries_to_mail
from badges.mailings.models import Mailing, Recipient
from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import NotFound
from convention.events.models import Event
from convention.mail.bounces import find_bounced_addresses, has_bounced_address
from convention.models import BouncedAddress
from convention.text.email_addresses import filter_by_email, is_same_email, normalize_email
from registrations.models import Order, Registration, WaitingEntry
from registrations.organizer.registration_list import has_bounced_mail
from schedule.models import Speaker

from .delivery_reports import DeliveryReport

type MailHolder = Registration | WaitingEntry | Person

# 18 digits fit into a bigint: the key comes from a mail that anybody can write.
MAILING_MESSAGE_KEY = re.compile(r"mailing-\d+-(?P<recipient>\d{1,18})")


@transaction.atomic
def record_bounce(*, event: Event, address: str, invitations: Collection[Mailing] = ()) -> None:
    """Record a bounce by hand. Raise NotFound if nobody has this address.

    It is searched at the event, and among the recipients of these invitations.
    """
    holders = _find_event_holders(event, address, invitations)
    if not holders:
        raise NotFound(_("No registration for this event uses this address."))
    save_bounced_address(address, holders, answer="")
    latest = _find_latest_recipient(holders)
    if latest:
        _record_bounce(latest)


@transaction.atomic
def record_bounces(
    *, event: Event, addresses: Iterable[str], invitations: Collection[Mailing] = ()
) -> list[str]:
    """Record several bounces by hand, as `record_bounce`; skip and return the addresses that nobody has."""
    unknown = []
    for address in addresses:
        try:
            record_bounce(event=event, address=address, invitations=invitations)
        except NotFound:
            unknown.append(address)
    return unknown


@transaction.atomic
def record_recipient_bounce(*, recipient: Recipient) -> None:
    """Record by hand that one mail of a mailing bounced."""
    address = find_recipient_address(recipient)
    if not address:
        raise NotFound(_("This recipient no longer has an e-mail address."))
    holders = _find_event_holders(recipient.mailing.event, address, [recipient.mailing])
    save_bounced_address(address, holders, answer="")
    _record_bounce(recipient)


@transaction.atomic
def record_reported_bounces(*, report: DeliveryReport) -> list[str]:
    """Record the bounces of a mail server's report; return the addresses recorded, skipping unknown ones."""
    recorded = []
    mail = _find_recipient(report.message_key)
    for failure in report.failures:
        # The server may name another address than ours, for example after forwarding. With several failures
        # it is not known which of them is ours.
        own_addresses = [find_recipient_address(mail)] if mail and len(report.failures) == 1 else []
        for address in dict.fromkeys(
            normalize_email(known) for known in (*own_addresses, *failure.addresses) if known
        ):
            holders = _find_all_holders(address)
            speakers = filter_by_email(Speaker.objects.select_related("event"), address)
            if holders or speakers:
                save_bounced_address(address, [*holders, *speakers], answer=failure.answer)
                recorded.append(address)
                if recipient := mail or _find_latest_recipient(holders):
                    _record_bounce(recipient, answer=failure.answer)
    return recorded


@transaction.atomic
def clear_bounce(*, registration: Registration) -> None:
    """Mark the registration's address as correct, so that it gets mail again."""
    _delete_bounces(registration, registration.event, [registration.email, registration.order.email])


@transaction.atomic
def clear_waiting_entry_bounce(*, entry: WaitingEntry) -> None:
    """Mark the address of a waiting list entry as correct, so that it gets mailings again."""
    _delete_bounces(entry, entry.event, [entry.email])


@transaction.atomic
def clear_person_bounce(*, person: Person, event: Event) -> None:
    """Mark the address of a person who was invited to the event as correct."""
    _delete_bounces(person, event, [person.email or ""])


def _delete_bounces(holder: MailHolder, event: Event, addresses: list[str]) -> None:
    BouncedAddress.objects.filter(email__in=find_bounced_addresses(addresses)).delete()
    record_action("address.right", holder, event=event, fields=["email"])


def save_bounced_address(address: str, holders: Iterable[MailHolder | Speaker], *, answer: str) -> None:
    """Save the bounced address and add an audit entry for each person who has it."""
    _row, is_new = BouncedAddress.objects.update_or_create(
        email=normalize_email(address), defaults={"answer": answer[:300]}
    )
    # A second report about the same address is no news for the audit log.
    if is_new:
        for holder in holders:
            event = None if isinstance(holder, Person) else holder.event
            record_action("address.bounced", holder, event=event, fields=["email"])


def _find_event_holders(event: Event, address: str, invitations: Collection[Mailing]) -> list[MailHolder]:
    """Return who has this address at the event, or was sent one of these invitations."""
    recipients = Recipient.objects.filter(mailing__in=invitations).order_by()
    registrations = Registration.objects.filter(Q(event=event) | Q(pk__in=recipients.values("registrations")))
    return [
        *find_registrations_by_address(registrations, address),
        *find_waiting_entries_by_address(event, address),
        *_find_recipients_by_address(recipients, address),
    ]


def _find_all_holders(address: str) -> list[MailHolder]:
    """Return the registrations, waiting list entries and invited people with this address, of all events."""
    return [
        *find_registrations_by_address(Registration.objects.all(), address),
        *find_waiting_entries_by_address(None, address),
        *_find_recipients_by_address(Recipient.objects.order_by(), address),
    ]


def _find_recipients_by_address(recipients: QuerySet[Recipient], address: str) -> list[Person]:
    """Return the people of the directory with this address who are among the recipients."""
    person_ids = recipients.filter(person__isnull=False).values("person")
    return filter_by_email(Person.objects.filter(pk__in=person_ids), address)


def find_registrations_by_address(rows: QuerySet[Registration], address: str) -> list[Registration]:
    """Filter the registrations by the address that their mail goes to."""
    # The buyer's address counts only for places without their own, as when mail is sent.
    has_address = Q(email__iexact=address) | Q(email="", order__email__iexact=address)
    candidates = rows.filter(has_address).select_related("event", "order")
    # The database narrows down by case only; the exact comparison normalizes both addresses.
    return [
        candidate
        for candidate in candidates
        if is_same_email(candidate.email or candidate.order.email, address)
    ]


def list_bounced_registrations(event: Event) -> QuerySet[Registration]:
    """Return the event's registrations whose address bounced."""
    return Registration.objects.filter(has_bounced_mail(), event=event, cancelled_at__isnull=True)


def list_bounced_waiting_entries(event: Event) -> list[WaitingEntry]:
    """Return those on the event's waiting list whose address bounced."""
    entries = list(list_entries_to_mail(event))
    bounced = find_bounced_addresses(entry.email for entry in entries)
    return [entry for entry in entries if normalize_email(entry.email) in bounced]


def list_bounced_people(invitations: Iterable[Mailing]) -> list[Person]:
    """Return the people of the directory who were sent these invitations and whose address bounced."""
    recipients = Recipient.objects.filter(mailing__in=list(invitations), person__isnull=False)
    rows = Person.objects.filter(has_bounced_address("email"), pk__in=recipients.order_by().values("person"))
    return list(rows.order_by("sort_name", "pk"))


def find_recipient_address(recipient: Recipient) -> str:
    """Return the current address of a recipient."""
    registrations = recipient.registrations.select_related("order").order_by("pk")
    people = [*registrations, *recipient.waiting_entries.order_by("pk")]
    return Addressee.from_recipient(
        recipient, [*people, recipient.person] if recipient.person else people
    ).address


def _find_recipient(key: str) -> Recipient | None:
    match = MAILING_MESSAGE_KEY.fullmatch(key)
    return Recipient.objects.filter(pk=int(match["recipient"])).first() if match else None


def _find_latest_recipient(holders: list[MailHolder]) -> Recipient | None:
    """Return the latest recipient row of these people."""
    registrations = [holder for holder in holders if isinstance(holder, Registration)]
    entries = [holder for holder in holders if isinstance(holder, WaitingEntry)]
    people = [holder for holder in holders if isinstance(holder, Person)]
    has_holder = Q(registrations__in=registrations) | Q(waiting_entries__in=entries) | Q(person__in=people)
    sent = Recipient.objects.filter(has_holder, accepted_at__isnull=False)
    return sent.order_by("-accepted_at").first()


def _record_bounce(recipient: Recipient, *, answer: str = "") -> None:
    changed = {"answer": answer} if answer else {}
    Recipient.objects.filter(pk=recipient.pk).update(bounced_at=timezone.now(), **changed)


def forget_corrected_addresses() -> None:
    """Delete bounced addresses that no registration, entry, speaker or invited person has any more."""
    # Stored addresses are normalized, those of registrations are as typed.
    people = Registration.objects.alias(folded=Lower("email")).filter(folded=OuterRef("email"))
    orders = Order.objects.alias(folded=Lower("email")).filter(folded=OuterRef("email"))
    speakers = Speaker.objects.alias(folded=Lower("email")).filter(folded=OuterRef("email"))
    waiting = WaitingEntry.objects.active().alias(folded=Lower("email")).filter(folded=OuterRef("email"))
    recipients = Recipient.objects.alias(folded=Lower("person__email")).filter(folded=OuterRef("email"))
    BouncedAddress.objects.filter(
        ~Exists(people), ~Exists(orders), ~Exists(speakers), ~Exists(waiting), ~Exists(recipients)
    ).delete()
