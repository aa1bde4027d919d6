"""Audience: who gets a mailing. One mail for each address and language, however many registrations it has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from convention.addresses import folded
from convention.bounces import bounced_among

from .models import LANGUAGES, Mailing, Recipient, Unsubscription
from .segments import Segment, chosen

DEFAULT_LANGUAGE = LANGUAGES[0][0]
KNOWN = {code for code, _name in LANGUAGES}


@dataclass
class Group:
    """One mail: an address, a language, the registrations it is about; `left_out` says why it is not sent."""

    address: str
    language: str
    registrations: list[int] = field(default_factory=list)
    left_out: str = ""


@dataclass(frozen=True)
class Audience:
    """All mails, and how many registrations have neither an address nor an order with one."""

    groups: list[Group]
    without_address: int

    @property
    def written_to(self) -> list[Group]:
        """Those that are sent."""
        return [group for group in self.groups if not group.left_out]

    @property
    def languages(self) -> dict[str, int]:
        """How many mails in each language."""
        found: dict[str, int] = {}
        for group in self.written_to:
            found[group.language] = found.get(group.language, 0) + 1
        return found

    @property
    def unsubscribed(self) -> int:
        """How many are left out for they want no news."""
        return sum(group.left_out == Recipient.LeftOut.UNSUBSCRIBED for group in self.groups)

    @property
    def bounced(self) -> int:
        """How many are left out for mail to them came back."""
        return sum(group.left_out == Recipient.LeftOut.BOUNCED for group in self.groups)


def audience_of(mailing: Mailing) -> Audience:
    """Who would get it now."""
    rows = chosen(Segment.of(mailing.segment), mailing.event).order_by("pk")
    found = rows.values_list("pk", "email", "order__email", "order__language")
    audience = grouped(found)
    reasons = reasons_against(mailing, [group.address for group in audience.groups])
    for group in audience.groups:
        group.left_out = reasons.get(group.address, "")
    return audience


def grouped(rows: Iterable[tuple[int, str, str, str]]) -> Audience:
    """Rows of registration, its address, its order's address and language, put together by whom they reach.

    Whoever ordered for others gets the mails of those without an address.
    """
    groups: dict[tuple[str, str], Group] = {}
    without = 0
    for registration, own, orders, language in rows:
        address = folded(own or orders)
        spoken = language if language in KNOWN else DEFAULT_LANGUAGE
        if address:
            group = groups.setdefault((address, spoken), Group(address, spoken))
            group.registrations.append(registration)
        else:
            without += 1
    return Audience(list(groups.values()), without)


def reasons_against(mailing: Mailing, addresses: Iterable[str]) -> Mapping[str, str]:
    """Why these addresses, folded, are not written to, for those that are not."""
    asked = list(addresses)
    reasons = dict.fromkeys(bounced_among(asked), Recipient.LeftOut.BOUNCED.value)
    if mailing.is_news:
        reasons |= dict.fromkeys(unsubscribed_among(asked), Recipient.LeftOut.UNSUBSCRIBED.value)
    return reasons


def unsubscribed_among(addresses: list[str]) -> set[str]:
    """Those of these addresses that want no news."""
    rows = Unsubscription.objects.all()
    if len(addresses) == 1:
        rows = rows.filter(email=addresses[0])
    return set(addresses) & set(rows.values_list("email", flat=True))
