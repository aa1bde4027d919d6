"""Create, change and remove vouchers, one or many at once; and their list as a file."""

import secrets
from collections.abc import Collection, Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError
from convention.events.models import Event
from convention.money import Money

from .keep import keep_with_tickets
from .models import Ticket, Voucher
from .references import UNAMBIGUOUS

MOST_AT_ONCE = 500
ADDED = 8
"""Letters added to each of many codes: far more than anybody could try."""


class VoucherInUse(ConventionError):
    """Somebody came with this code."""

    kind = "voucher-in-use"
    status = 409


@transaction.atomic
def save_voucher(*, voucher: Voucher, tickets: Collection[Ticket], changed: list[str]) -> Voucher:
    """Keep a new or changed voucher; `changed` names its fields. Raises InvalidFields for too few uses."""
    keep_with_tickets(voucher, kind="voucher", tickets=tickets, changed=changed)
    return voucher


@transaction.atomic
def make_vouchers(*, like: Voucher, tickets: Collection[Ticket], number: int) -> list[Voucher]:
    """So many new ones like a voucher that is not kept itself; their codes begin with its code."""
    copied = {f.attname: getattr(like, f.attname) for f in Voucher._meta.concrete_fields if not f.primary_key}
    made = Voucher.objects.bulk_create(
        Voucher(**copied | {"code": new_code(like.code)}) for _one in range(number)
    )
    through = Voucher.tickets.through
    through.objects.bulk_create(
        through(voucher_id=voucher.pk, ticket_id=ticket.pk) for voucher in made for ticket in tickets
    )
    record("vouchers.create", like.event, event=like.event, fields=["code"])
    return made


def new_code(beginning: str) -> str:
    """A code that nobody guesses, of letters and digits that are not taken for others."""
    return f"{beginning[:30]}-{''.join(secrets.choice(UNAMBIGUOUS) for _letter in range(ADDED))}"


@transaction.atomic
def remove_voucher(*, voucher: Voucher) -> None:
    """Remove a voucher that nobody ever used. Raises VoucherInUse."""
    if voucher.registrations.exists():
        sentence = _("“%(code)s” was used; it cannot be removed. Let it end instead.")
        raise VoucherInUse(sentence % {"code": voucher.code})
    record("voucher.remove", voucher, event=voucher.event)
    voucher.delete()


def say_value(voucher: Voucher) -> str:
    """“20 %”, “€50 off”, “€90”, or that it only opens tickets."""
    amount = Money(voucher.value)
    return {
        Voucher.Kind.PERCENT.value: _("%(percent)d\u00a0%% off") % {"percent": voucher.value},
        Voucher.Kind.AMOUNT.value: _("%(amount)s off") % {"amount": amount},
        Voucher.Kind.FIXED.value: _("for %(amount)s") % {"amount": amount},
        Voucher.Kind.ACCESS.value: _("access only"),
    }[voucher.kind]


def header() -> list[str]:
    """The headings of an exported list."""
    return [
        _("Code"),
        _("What it is for"),
        _("Value"),
        _("Tickets"),
        _("Places it serves"),
        _("Used"),
        _("Valid from"),
        _("Valid until"),
        _("For one company"),
        _("For one address"),
        _("Link"),
    ]


def rows_of(event: Event) -> Iterator[list[Any]]:
    """The cells of each voucher, under `header`; the link opens the registration with the code filled in."""
    link = f"{settings.SITE_URL}{reverse('register', args=[event.slug])}?code="
    for one in event.vouchers.order_by("pk").prefetch_related("tickets"):
        yield [
            one.code,
            one.label,
            say_value(one),
            ", ".join(ticket.slug for ticket in one.tickets.all()),
            "" if one.capacity is None else one.capacity,
            one.taken,
            one.opens_at.astimezone(event.zone) if one.opens_at else "",
            one.closes_at.astimezone(event.zone) if one.closes_at else "",
            one.for_company,
            one.for_address,
            f"{link}{one.code}",
        ]
