"""Create, change and remove vouchers, one or many at once, suggest companies for them, and list them."""

import secrets
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Company
from convention.errors import ConventionError
from convention.events.models import Event
from convention.events.permissions import get_delegation
from convention.money import Money
from convention.text.normalize import casefold_text
from registrations.models import Ticket, Voucher
from registrations.models.references import UNAMBIGUOUS_CHARACTERS

from .stock_limits import save_with_tickets

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

MAX_VOUCHERS_AT_ONCE = 500
# Added to each code of a batch: 30 to the power of 8 combinations, and `rate_limits.py` limits guesses.
RANDOM_CODE_LETTERS = 8
# A page with more names would be slow to open on a phone.
MAX_SUGGESTED_COMPANIES: Final = 2000


class VoucherInUse(ConventionError):
    """The voucher was used, so that it cannot be removed."""

    kind = "voucher-in-use"
    status = 409


@transaction.atomic
def save_voucher(*, voucher: Voucher, tickets: Collection[Ticket], changed: list[str]) -> Voucher:
    """Save a voucher; `changed` are its changed fields. Raise InvalidFields for too few uses."""
    save_with_tickets(voucher, kind="voucher", tickets=tickets, changed=changed)
    return voucher


@transaction.atomic
def create_vouchers(*, template: Voucher, tickets: Collection[Ticket], count: int) -> list[Voucher]:
    """Create vouchers like an unsaved template, whose code is the prefix of theirs."""
    copied = {
        f.attname: getattr(template, f.attname) for f in Voucher._meta.concrete_fields if not f.primary_key
    }
    vouchers = Voucher.objects.bulk_create(
        Voucher(**copied | {"code": generate_code(template.code)}) for _one in range(count)
    )
    # One statement, where `tickets.set` would need several for each voucher.
    through = Voucher.tickets.through
    through.objects.bulk_create(
        through(voucher_id=voucher.pk, ticket_id=ticket.pk) for voucher in vouchers for ticket in tickets
    )
    record_action("vouchers.create", template.event, event=template.event, fields=["code"])
    return vouchers


def generate_code(prefix: str) -> str:
    """Return a code with this prefix that nobody can guess."""
    letters = (secrets.choice(UNAMBIGUOUS_CHARACTERS) for _letter in range(RANDOM_CODE_LETTERS))
    # The column has 40 characters.
    return f"{prefix[:30]}-{''.join(letters)}"


@transaction.atomic
def remove_voucher(*, voucher: Voucher) -> None:
    """Remove a voucher that nobody ever used. Raise VoucherInUse."""
    if voucher.registrations.exists():
        sentence = _("“%(code)s” has been used and cannot be removed. Set an end date instead.")
        raise VoucherInUse(sentence % {"code": voucher.code})
    record_action("voucher.remove", voucher, event=voucher.event)
    voucher.delete()


def describe_value(voucher: Voucher) -> str:
    """Return “20 % off”, “€50 off”, “for €90” or “access only”."""
    amount = Money(voucher.value)
    return {
        Voucher.Kind.PERCENT.value: _("%(percent)d%% off") % {"percent": voucher.value},
        Voucher.Kind.AMOUNT.value: _("%(amount)s off") % {"amount": amount},
        Voucher.Kind.FIXED.value: _("for %(amount)s") % {"amount": amount},
        Voucher.Kind.ACCESS.value: _("access only"),
    }[voucher.kind]


def list_voucher_headings() -> list[str]:
    return [
        _("Code"),
        _("Purpose"),
        _("Value"),
        _("Tickets"),
        _("Number of places"),
        _("Used"),
        _("Valid from"),
        _("Valid until"),
        _("For one company"),
        _("For one address"),
        _("Link"),
    ]


def list_voucher_rows(event: Event) -> Iterator[list[Any]]:
    """Yield the cells below `list_voucher_headings`; the link opens the registration with the code."""
    link = f"{settings.SITE_URL}{reverse('register', args=[event.slug])}?code="
    for voucher in event.vouchers.order_by("pk").prefetch_related("tickets"):
        yield [
            voucher.code,
            voucher.label,
            describe_value(voucher),
            ", ".join(ticket.slug for ticket in voucher.tickets.all()),
            # An empty cell, because 0 would read as “no use left”.
            "" if voucher.capacity is None else voucher.capacity,
            voucher.reserved,
            voucher.opens_at.astimezone(event.zone) if voucher.opens_at else "",
            voucher.closes_at.astimezone(event.zone) if voucher.closes_at else "",
            voucher.for_company,
            voucher.for_address,
            f"{link}{voucher.code}",
        ]


def suggest_companies(event: Event, *, reader: "RequestUser") -> list[str]:
    """Return the names that attendees entered and, unless the reader is an outsider, of the directory."""
    names = _list_entered_names(event)
    if get_delegation(reader, event) is None:
        names |= _list_directory_names()
    return sorted(names, key=casefold_text)[:MAX_SUGGESTED_COMPANIES]


def is_company_known(event: Event, name: str) -> bool:
    """Return whether a company of the directory or of an attendee has the name, compared as for vouchers."""
    return casefold_text(name) in map(casefold_text, _list_directory_names() | _list_entered_names(event))


def _list_directory_names() -> set[str]:
    return set(Company.objects.filter(merged_on=None).values_list("name", flat=True))


def _list_entered_names(event: Event) -> set[str]:
    entered = event.registrations.exclude(company="").order_by().values_list("company", flat=True)
    return set(entered.distinct())
