"""Who handles payments: whoever keeps the books."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.errors import NotFound
from registrations.invoices.doors import require_keeper

from .models import BankLine

if TYPE_CHECKING:
    from convention.club.doors import Visitor


def line_to_decide(pk: int, visitor: "Visitor") -> BankLine:
    """A line of the bank's statement. Raises NotFound, SignInNeeded or Forbidden."""
    require_keeper(visitor)
    line = (
        BankLine.objects.with_taken()
        .select_related("statement", "payout", "refund__receivable")
        .filter(pk=pk)
        .first()
    )
    if line is None:
        raise NotFound(_("There is no such line."))
    return line
