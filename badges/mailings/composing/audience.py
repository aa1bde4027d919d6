"""Determine who gets a mailing: one mail for each address and language, however many registrations it has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from badges.mailings.models import Mailing, Recipient, Unsubscription
from convention.events.models import Event
from convention.mail.bounces import find_bounced_addresses
from convention.text.email_addresses import is_same_email, normalize_email
from convention.text.languages import LANGUAGE_CHOICES

from .invitations import find_registered_people, select_people, select_recipient_registrations
from .segments import Segment
from .waiting_list import select_waiting_entries

DEFAULT_LANGUAGE = LANGUAGE_CHOICES[0][0]
LANGUAGE_CODES = {code for code, _name in LANGUAGE_CHOICES}


@dataclass
class MailGroup:
    """One mail: address, language and the people it is about; `left_out` is why it is not sent."""

    address: str
    language: str
    registration_ids: list[int] = field(default_factory=list)
    waiting_entry_ids: list[int] = field(default_factory=list)
    person_id: int | None = None
    left_out: str = ""


@dataclass(frozen=True)
class MailingAudience:
    """All mails of a mailing, and how many registrations have no address at all.

    `registered_count` is how many people are not invited because they have registered or applied already.
    """

    groups: list[MailGroup]
    no_address_count: int
    registered_count: int = 0

    @property
    def selected_groups(self) -> list[MailGroup]:
        return [group for group in self.groups if not group.left_out]

    @property
    def language_counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for group in self.selected_groups:
            counts[group.language] = counts.get(group.language, 0) + 1
        return counts

    @property
    def unsubscribed_count(self) -> int:
        return sum(group.left_out == Recipient.LeftOut.UNSUBSCRIBED for group in self.groups)

    @property
    def bounced_count(self) -> int:
        return sum(group.left_out == Recipient.LeftOut.BOUNCED for group in self.groups)


def build_audience(mailing: Mailing) -> MailingAudience:
    segment = Segment.from_json(mailing.segment)
    audience = (
        _build_invited_audience(segment, mailing.event)
        if segment.audience
        else _build_attendee_audience(segment, mailing.event)
    )
    reasons = find_left_out_reasons(mailing, [group.address for group in audience.groups])
    for group in audience.groups:
        group.left_out = reasons.get(group.address, "")
    return audience


def _build_invited_audience(segment: Segment, event: Event) -> MailingAudience:
    """Return one mail for each person, about the directory's record, else the latest registration."""
    registered = find_registered_people(segment, event)
    people = select_people(segment, event).order_by("pk").values_list("pk", "email", "language")
    invited: list[tuple[MailGroup, int | None]] = [
        (MailGroup(normalize_email(email or ""), _choose_language(language), person_id=pk), pk)
        for pk, email, language in people
    ]
    rows = select_recipient_registrations(segment, event).select_related("order").order_by("-pk")
    invited += [
        (
            MailGroup(normalize_email(row.email), _choose_language(row.mail_language), [row.pk]),
            row.person_id,
        )
        for row in rows
    ]
    excluded, included = list[tuple[MailGroup, int | None]](), list[tuple[MailGroup, int | None]]()
    for group, person_id in invited:
        is_registered = registered.includes(address=group.address, person_id=person_id)
        (excluded if is_registered else included).append((group, person_id))
    return MailingAudience(_select_one_per_person(included), 0, len(_select_one_per_person(excluded)))


def _select_one_per_person(rows: Iterable[tuple[MailGroup, int | None]]) -> list[MailGroup]:
    """Return the first mail of each address and of each person; `rows` have the person's id where known.

    A person may have used another of their addresses for an earlier event.
    """
    by_address, person_ids = dict[str, MailGroup](), set[int]()
    for group, person_id in rows:
        if group.address in by_address or person_id in person_ids:
            continue
        by_address[group.address] = group
        if person_id is not None:
            person_ids.add(person_id)
    return list(by_address.values())


def _build_attendee_audience(segment: Segment, event: Event) -> MailingAudience:
    # The order decides which registration of a group comes first, and the order of the recipients.
    rows = select_recipient_registrations(segment, event).order_by("pk")
    columns = rows.values_list("pk", "email", "order__email", "order__language", "language")
    # As `Registration.mail_language`, of many rows.
    addresses = (
        (pk, email, order_email, own if own and email and not is_same_email(email, order_email) else language)
        for pk, email, order_email, language, own in columns
    )
    entries = select_waiting_entries(segment, event)
    return group_by_address(addresses, entries.values_list("pk", "email", "language"))


def group_by_address(
    rows: Iterable[tuple[int, str, str, str]], waiting_rows: Iterable[tuple[int, str, str]] = ()
) -> MailingAudience:
    """Group rows of (registration id, own address, order's address, language) into mails.

    Registrations without an address are added to the buyer's mail. `waiting_rows` are entries of the waiting
    list as (id, address, language).
    """
    groups: dict[tuple[str, str], MailGroup] = {}
    no_address_count = 0
    for registration, own_email, order_email, language in rows:
        address = normalize_email(own_email or order_email)
        mail_language = _choose_language(language)
        if address:
            group = groups.setdefault((address, mail_language), MailGroup(address, mail_language))
            group.registration_ids.append(registration)
        else:
            no_address_count += 1
    for entry, email, language in waiting_rows:
        address, mail_language = normalize_email(email), _choose_language(language)
        group = groups.setdefault((address, mail_language), MailGroup(address, mail_language))
        group.waiting_entry_ids.append(entry)
    return MailingAudience(list(groups.values()), no_address_count)


def _choose_language(language: str) -> str:
    return language if language in LANGUAGE_CODES else DEFAULT_LANGUAGE


def find_left_out_reasons(mailing: Mailing, addresses: list[str]) -> Mapping[str, str]:
    """Return, by normalized address, why it gets no mail; other addresses are not in the result."""
    reasons = dict.fromkeys(find_bounced_addresses(addresses), Recipient.LeftOut.BOUNCED.value)
    if mailing.is_news:
        reasons |= dict.fromkeys(filter_unsubscribed(addresses), Recipient.LeftOut.UNSUBSCRIBED.value)
    return reasons


def filter_unsubscribed(addresses: list[str]) -> set[str]:
    """Return those of the addresses that unsubscribed from news."""
    rows = Unsubscription.objects.all()
    if len(addresses) == 1:
        rows = rows.filter(email=addresses[0])
    return set(addresses) & set(rows.values_list("email", flat=True))
