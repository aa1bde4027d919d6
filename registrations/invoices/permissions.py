"""Access to the club's money: the treasurer and the administrators.

The `get_*_for_treasurer` functions load one object for a page. Each raises SignInRequired, Forbidden or
NotFound.
"""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.permissions import TREASURER_ROLES, has_club_role
from convention.errors import Forbidden, NotFound, SignInRequired

from .ledger.receivable_sources import get_receivable
from .models import Invoice, Payment, Payout, Receivable, Refund

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def is_treasurer(person: "RequestUser") -> bool:
    """Return whether the person is treasurer or administrator."""
    return has_club_role(person, *TREASURER_ROLES)


def require_treasurer(person: "RequestUser") -> None:
    """Raise SignInRequired or Forbidden unless the person is treasurer or administrator."""
    if is_treasurer(person):
        return
    if not person.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    raise Forbidden(_("This page is for the treasurer."))


def get_receivable_for_treasurer(reference: str, person: "RequestUser") -> Receivable:
    """Return the receivable of a reference, created or corrected by its source if it has one."""
    require_treasurer(person)
    return get_receivable(reference)


def get_invoice_for_treasurer(invoice_id: int, person: "RequestUser") -> Invoice:
    require_treasurer(person)
    rows = Invoice.objects.select_related("receivable__event", "origin")
    return require_row(rows.filter(pk=invoice_id).first())


def get_payment_for_treasurer(payment_id: int, person: "RequestUser") -> Payment:
    require_treasurer(person)
    return require_row(Payment.objects.select_related("receivable__event").filter(pk=payment_id).first())


def get_refund_for_treasurer(refund_id: int, person: "RequestUser") -> Refund:
    require_treasurer(person)
    return require_row(Refund.objects.select_related("receivable__event").filter(pk=refund_id).first())


def get_payout_for_treasurer(payout_id: int, person: "RequestUser") -> Payout:
    require_treasurer(person)
    return require_row(Payout.objects.filter(pk=payout_id).first())


def require_row[T](row: T | None) -> T:
    """Return `row`, or raise NotFound if it is None."""
    if row is None:
        raise NotFound(_("There is nothing at this address."))
    return row
