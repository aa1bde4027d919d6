"""Who sees and changes the club's money: its treasurer and its administrators."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.doors import holds_role
from convention.club.models import ClubRole
from convention.errors import Forbidden, NotFound, SignInNeeded

from .models import Invoice, Payment, Payout, Receivable, Refund
from .sources import receivable_for

if TYPE_CHECKING:
    from convention.club.doors import Visitor

KEEPERS = (ClubRole.Role.TREASURER, ClubRole.Role.ADMINISTRATOR)


def require_keeper(person: "Visitor") -> None:
    """Let in who keeps the books. Raises SignInNeeded or Forbidden."""
    if holds_role(person, *KEEPERS):
        return
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    raise Forbidden(_("This page is for the treasurer."))


def receivable_to_keep(reference: str, person: "Visitor") -> Receivable:
    """What is owed under that reference. Raises NotFound, Forbidden or SignInNeeded."""
    require_keeper(person)
    return receivable_for(reference)


def document_to_keep(key: int, person: "Visitor") -> Invoice:
    """An issued document. Raises NotFound, Forbidden or SignInNeeded."""
    require_keeper(person)
    rows = Invoice.objects.select_related("receivable__event", "origin")
    return found(rows.filter(pk=key).first())


def payment_to_keep(key: int, person: "Visitor") -> Payment:
    """A payment. Raises NotFound, Forbidden or SignInNeeded."""
    require_keeper(person)
    return found(Payment.objects.select_related("receivable__event").filter(pk=key).first())


def refund_to_keep(key: int, person: "Visitor") -> Refund:
    """A refund. Raises NotFound, Forbidden or SignInNeeded."""
    require_keeper(person)
    return found(Refund.objects.select_related("receivable__event").filter(pk=key).first())


def payout_to_keep(key: int, person: "Visitor") -> Payout:
    """A payout. Raises NotFound, Forbidden or SignInNeeded."""
    require_keeper(person)
    return found(Payout.objects.filter(pk=key).first())


def found[T](row: T | None) -> T:
    """The row, or NotFound."""
    if row is None:
        raise NotFound(_("There is nothing at this address."))
    return row
