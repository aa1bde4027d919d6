"""Access to bank lines: the treasurer and the administrators."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.errors import NotFound
from registrations.invoices.permissions import require_treasurer

from .models import BankLine

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def get_bank_line_for_treasurer(line_id: int, visitor: "RequestUser") -> BankLine:
    """Return a bank line. Raise SignInRequired, Forbidden or NotFound."""
    require_treasurer(visitor)
    line = (
        BankLine.objects.with_assigned_amount()
        .select_related("statement", "payout", "refund__receivable")
        .filter(pk=line_id)
        .first()
    )
    if line is None:
        raise NotFound(_("We could not find this line."))
    return line
