"""Determine who gets a mailing: one mail for each address and language, however many registrations it has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from badges.mailings.models import Mailing, Recipient, Unsubscription
from convention.mail.bounces import find_bounced_addresses
from convention.text.email_addresses import is_same_email, normalize_email
from convention.text.languages import LANGUAGE_CHOICES

from .segments import Segment, select_registrations
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
    left_out: str = ""


@dataclass(frozen=True)
class MailingAudience:
    """All mails of a mailing, and how many registrations have no address at all."""

    groups: list[MailGroup]
    no_address_count: int

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
    # The order decides which registration of a group comes first, and the order of the recipients.
    rows = select_registrations(Segment.from_json(mailing.segment), mailing.event).order_by("pk")
    columns = rows.values_list("pk", "email", "order__email", "order__language", "language")
    # As `Registration.mail_language`, of many rows.
    addresses = (
        (pk, email, order_email, own if own and email and not is_same_email(email, order_email) else language)
        for pk, email, order_email, language, own in columns
    )
    entries = select_waiting_entries(Segment.from_json(mailing.segment), mailing.event)
    audience = group_by_address(addresses, entries.values_list("pk", "email", "language"))
    reasons = find_left_out_reasons(mailing, [group.address for group in audience.groups])
    for group in audience.groups:
        group.left_out = reasons.get(group.address, "")
    return audience


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
