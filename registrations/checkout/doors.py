"""Who handles payments: the club's treasurer and its administrators."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.doors import holds_role
from convention.club.models import ClubRole
from convention.errors import Forbidden, NotFound, SignInNeeded

from .models import BankLine

if TYPE_CHECKING:
    from convention.club.doors import Visitor


def require_treasurer(visitor: "Visitor") -> None:
    """Raises SignInNeeded or Forbidden for everybody else."""
    if not visitor.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    if not holds_role(visitor, ClubRole.Role.TREASURER, ClubRole.Role.ADMINISTRATOR):
        raise Forbidden(_("This page is for the treasurer."))


def line_to_decide(pk: int, visitor: "Visitor") -> BankLine:
    """A line of the bank's statement. Raises NotFound, SignInNeeded or Forbidden."""
    require_treasurer(visitor)
    line = BankLine.objects.select_related("statement", "payout", "refund__receivable").filter(pk=pk).first()
    if line is None:
        raise NotFound(_("There is no such line."))
    return line
