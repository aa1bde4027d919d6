"""Load what can be chosen when registering: tickets, add-ons, what is unavailable, and a voucher's effect."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.money import Money
from registrations.booking.validation import is_addon_for_ticket
from registrations.inventory.stock import refresh_availability
from registrations.models import Addon, Ticket, Voucher
from registrations.pricing.catalog import filter_offered_tickets, make_price_list, make_voucher_terms
from registrations.pricing.quote import VoucherTerms


@dataclass(frozen=True)
class ChoiceOffer:
    """The tickets and add-ons to choose from, which of them are unavailable, and the voucher's terms.

    `member_addresses` are those of the signed-in member, normalized: their place needs no verification.
    """

    tickets: list[Ticket]
    addons: list[Addon]
    unavailable_tickets: frozenset[str]
    unavailable_addons: frozenset[str]
    voucher_terms: VoucherTerms | None = None
    member_addresses: frozenset[str] = frozenset()

    @property
    def tickets_by_slug(self) -> dict[str, Ticket]:
        return {ticket.slug: ticket for ticket in self.tickets}

    @property
    def addons_by_slug(self) -> dict[str, Addon]:
        return {addon.slug: addon for addon in self.addons}

    @property
    def orderable_addons(self) -> list[Addon]:
        return [addon for addon in self.addons if addon.slug not in self.unavailable_addons]

    @property
    def discounted_prices(self) -> dict[str, Money]:
        """Return the prices that the voucher lowers, by ticket slug."""
        prices = {}
        for ticket in self.tickets:
            price = ticket.current_price
            applies = (
                self.voucher_terms
                and self.voucher_terms.uses_left != 0
                and self.voucher_terms.applies_to(make_price_list(ticket))
            )
            if not self.voucher_terms or not applies:
                continue
            if discount := self.voucher_terms.calculate_discount(price.amount):
                prices[ticket.slug] = Money(price.amount - discount, price.currency)
        return prices

    def find_addon_error(self, slugs: Iterable[str], ticket_slug: str) -> str:
        """Return an error if one of these add-ons is unavailable or for other tickets, else an empty string.

        Without a ticket, the add-ons of all tickets are accepted.
        """
        addons = self.addons_by_slug
        for slug in slugs:
            params = {"addon": addons[slug].title}
            if slug in self.unavailable_addons:
                return _("“%(addon)s” is no longer available.") % params
            if ticket_slug and not is_addon_for_ticket(addons[slug], ticket_slug):
                return _("“%(addon)s” is not available with this ticket.") % params
        return ""


def load_choice_offer(event: Event, voucher: Voucher | None) -> ChoiceOffer:
    """Load what can be chosen with this voucher."""
    tickets = filter_offered_tickets(event.tickets.with_prices(), voucher)
    now = timezone.now()
    refresh_availability(tickets, at=now)
    addons = list(event.addons.prefetch_related("tickets"))
    unavailable_tickets, unavailable_addons = (
        frozenset(item.slug for item in items if item.remaining == 0 or not item.is_on_sale(at=now))
        for items in (tickets, addons)
    )
    terms = make_voucher_terms(voucher) if voucher and voucher.is_valid(at=now) else None
    return ChoiceOffer(tickets, addons, unavailable_tickets, unavailable_addons, terms)
