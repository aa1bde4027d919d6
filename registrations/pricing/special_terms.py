"""Special terms that staff grant for a reason: a lower price of the ticket, or add-ons free of charge."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from registrations.models import Ticket

from .quote import QuoteLine
from .reductions import Reduction


@dataclass(frozen=True)
class SpecialTerms:
    """Terms that an organizer grants for a reason: a lower price, or a member's ticket for somebody else.

    `ticket_cents` is None if the ticket keeps its usual price.
    """

    ticket_cents: int | None
    reason: str
    has_free_addons: bool = False

    @property
    def is_lower(self) -> bool:
        return self.ticket_cents is not None or self.has_free_addons


def find_special_price_error(special_terms: SpecialTerms, ticket: Ticket) -> str:
    """Return an error if the granted price is not between zero and the ticket's current one, else ""."""
    cents = special_terms.ticket_cents
    if cents is None or 0 <= cents <= ticket.current_price.amount:
        return ""
    limit = {"price": ticket.current_price}
    return _("The price cannot be higher than that of the ticket, %(price)s.") % limit


def apply_special_terms(line: QuoteLine, special_terms: SpecialTerms) -> QuoteLine:
    """Return the line of a ticket or an add-on at the granted price."""
    free_addon_cents = 0 if special_terms.has_free_addons else None
    cents = free_addon_cents if line.is_addon else special_terms.ticket_cents
    if cents is None or cents == line.price:
        return line
    reduction = Reduction("organizer", line.price - cents)
    return replace(line, price=cents, reductions=(*line.reductions, reduction))
