"""Choose whose e-mail addresses are listed, say who is left out, and group the addresses for “Bcc”.

The same people can be downloaded as a list, for a mail merge.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from itertools import batched, groupby
from typing import Any, Final
from urllib.parse import quote

from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.club.models import Company, CompanyContact, Employment, Mandate, Person, WorkingGroup
from convention.mail.bounces import find_bounced_addresses
from convention.tables.downloads import TableSheet
from convention.text.email_addresses import normalize_email
from convention.text.languages import LANGUAGE_CHOICES

# Many providers refuse a message to more recipients.
MAX_GROUP_ADDRESSES: Final = 100
MAX_LINK_ADDRESSES: Final = 40
# Windows passes no longer link to an e-mail program.
MAX_LINK_LENGTH: Final = 2_000
# Outlook splits only at semicolons where these separate lists, as in France; other programs accept them.
SEPARATOR: Final = "; "
# An address with it, such as "a;b"@club.example, may contain separators, at which programs split it.
QUOTE: Final = '"'
# The others are only counted.
MAX_NAMES_SHOWN: Final = 100


class Unsubscribed(Enum):
    """The choice for people who unsubscribed from club news."""

    LEAVE_OUT = auto()
    INCLUDE = auto()


class LeftOutReason(TextChoices):
    """Why a person is not written to; of several, the first counts."""

    CLOSED = "closed", _("Account closed")
    NO_ADDRESS = "no_address", _("No confirmed e-mail address")
    BOUNCED = "bounced", _("E-mails bounced")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed from club news")
    QUOTED = "quoted", _("Unusual address: write to it separately")


@dataclass(frozen=True)
class LeftOutGroup:
    """The people who are left out for one reason, by name."""

    reason: LeftOutReason
    people: list[Person]

    @property
    def named_people(self) -> list[Person]:
        return self.people[:MAX_NAMES_SHOWN]


@dataclass(frozen=True)
class AddressGroup:
    """Addresses for one message; `first` and `last` are their positions in the list, from 1."""

    first: int
    last: int
    text: str


@dataclass(frozen=True)
class AddressList:
    """The people to write to, by name, and who is left out.

    `unsubscribed_count` is how many unsubscribed from club news, also if they are included;
    `language_counts` how many people to write to read each language, also those of other languages than the
    chosen one.
    """

    people: list[Person]
    left_out_groups: list[LeftOutGroup]
    unsubscribed_count: int
    language_counts: Counter[str]

    @cached_property
    def addresses(self) -> list[str]:
        return [person.email or "" for person in self.people]

    @property
    def language_choices(self) -> list[tuple[str, str, int]]:
        """Return the code, name and number of people of each language that is read or was chosen."""
        counts = self.language_counts
        return [(code, str(name), counts[code]) for code, name in LANGUAGE_CHOICES if code in counts]

    @property
    def left_out_count(self) -> int:
        return sum(len(group.people) for group in self.left_out_groups)

    @cached_property
    def groups(self) -> list[AddressGroup]:
        """Return the addresses in groups of about the same size, each for one message."""
        count = len(self.addresses)
        group_count = max(1, math.ceil(count / MAX_GROUP_ADDRESSES))
        size = max(1, math.ceil(count / group_count))
        groups, first = list[AddressGroup](), 1
        for batch in batched(self.addresses, size, strict=False):
            groups.append(AddressGroup(first, first + len(batch) - 1, SEPARATOR.join(batch)))
            first += len(batch)
        return groups

    @cached_property
    def bcc_link(self) -> str:
        """Return a link to a new message, in which recipients do not see each other; "" for too many."""
        if not 0 < len(self.addresses) <= MAX_LINK_ADDRESSES:
            return ""
        # Commas and encoded addresses, by RFC 6068.
        link = f"mailto:?bcc={','.join(quote(address, safe='@') for address in self.addresses)}"
        return link if len(link) <= MAX_LINK_LENGTH else ""


def build_address_list(
    people: Iterable[Person], *, unsubscribed: Unsubscribed, language: str = ""
) -> AddressList:
    """Return the people to write to, in their order, with two queries beside theirs.

    With a `language`, those who read another one are only counted.
    """
    people = list(people)
    addresses = [normalize_email(person.email) for person in people if person.email]
    bounced = find_bounced_addresses(addresses)
    no_news: set[str] = hooks.news_unsubscriptions.provider()(addresses)
    included, left_out, unsubscribed_count = list[Person](), list[tuple[Person, LeftOutReason]](), 0
    # The chosen one even if nobody is left who reads it: the page shows what was chosen.
    language_counts = Counter[str]({language: 0} if language else {})
    for person in people:
        reason = _find_reason(person, bounced=bounced, no_news=no_news)
        is_chosen = language in ("", person.language)
        unsubscribed_count += is_chosen and reason is LeftOutReason.UNSUBSCRIBED
        if reason is LeftOutReason.UNSUBSCRIBED and unsubscribed is Unsubscribed.INCLUDE:
            reason = None
        if reason is None and QUOTE in (person.email or ""):
            reason = LeftOutReason.QUOTED
        if reason is None:
            language_counts[person.language] += 1
        if reason and is_chosen:
            left_out.append((person, reason))
        elif is_chosen:
            included.append(person)
    return AddressList(included, _group_by_reason(left_out), unsubscribed_count, language_counts)


def _find_reason(person: Person, *, bounced: set[str], no_news: set[str]) -> LeftOutReason | None:
    address = normalize_email(person.email or "")
    if not person.is_active:
        return LeftOutReason.CLOSED
    if not address:
        return LeftOutReason.NO_ADDRESS
    if address in bounced:
        return LeftOutReason.BOUNCED
    return LeftOutReason.UNSUBSCRIBED if address in no_news else None


def _group_by_reason(left_out: Sequence[tuple[Person, LeftOutReason]]) -> list[LeftOutGroup]:
    order = list(LeftOutReason)
    rows = sorted(left_out, key=lambda row: order.index(row[1]))
    return [
        LeftOutGroup(reason, [person for person, _reason in group])
        for reason, group in groupby(rows, key=lambda row: row[1])
    ]


def make_recipient_sheet(people: Sequence[Person]) -> TableSheet:
    """Return the people with what a mail merge needs, with two queries."""
    companies, languages = _find_company_names(people), dict(LANGUAGE_CHOICES)
    header = [
        gettext("First name"), gettext("Last name"), gettext("Company"), gettext("E-mail"),
        gettext("Language"),
    ]  # fmt: skip
    rows: Iterator[Sequence[Any]] = (
        [
            person.first_name,
            person.last_name,
            ", ".join(companies[person.pk]),
            person.email,
            str(languages.get(person.language, person.language)),
        ]
        for person in people
    )
    return TableSheet(gettext("Recipients"), header, rows)


def _find_company_names(people: Sequence[Person]) -> dict[int, list[str]]:
    """Return the companies where each of the people works today, or which they are contacts of."""
    names = defaultdict[int, list[str]](list)
    for model in (Employment, CompanyContact):
        periods = model.objects.open().filter(person__in=people).select_related("company")
        for period in periods.order_by("company__sort_name", "pk"):
            if period.company.name not in names[period.person_id]:
                names[period.person_id].append(period.company.name)
    return names


def select_contacts(companies: QuerySet[Company]) -> QuerySet[Person]:
    """Return the people who are contacts of these companies today, by name; also closed accounts."""
    contacts = CompanyContact.objects.open().filter(company__in=companies.order_by().values("pk"))
    return Person.objects.filter(pk__in=contacts.values("person")).order_by("sort_name", "pk")


def select_group_people(group: WorkingGroup) -> QuerySet[Person]:
    """Return the people with a mandate in the group today, by name; also closed accounts."""
    mandates = Mandate.objects.open().filter(group=group)
    return Person.objects.filter(pk__in=mandates.values("person")).order_by("sort_name", "pk")
