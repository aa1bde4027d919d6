"""An order that is ready to be saved."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from convention.club.models import Company
from convention.db.limited_stock import LimitedStock
from registrations.inventory.stock import list_stock_items
from registrations.models import (
    IdempotencyKey,
    Order,
    QuestionOption,
    Registration,
    RegistrationAddon,
    Ticket,
)


@dataclass(frozen=True)
class PreparedOrder:
    """An unsaved order with registrations and add-ons, and its idempotency key, if any.

    - `extra_items` is further stock to reserve, such as passes and packages.
    - `already_reserved` is stock that was reserved earlier for this order, such as an offered place.
    - `chosen_options` are the limited options of each registration, in order.
    - `sends_mails` is false for an organizer's import, which notifies nobody.

    A sponsor's order may have no registration.
    """

    order: Order
    registrations: list[Registration]
    idempotency_key: IdempotencyKey | None = None
    addons: list[RegistrationAddon] = field(default_factory=list)
    extra_items: Mapping[LimitedStock, int] = field(default_factory=dict)
    already_reserved: Mapping[Ticket, int] = field(default_factory=dict)
    chosen_options: list[Counter[QuestionOption]] = field(default_factory=list)
    sends_mails: bool = True

    @property
    def required_items(self) -> Counter[LimitedStock]:
        """Return the stock of the reserved registrations, without company shares."""
        items = Counter[LimitedStock](self.extra_items)
        for number, registration in enumerate(self.registrations):
            if registration.is_reserved:
                items.update(*self.chosen_options[number : number + 1])
                chosen = [addon for addon in self.addons if addon.registration is registration]
                items += list_stock_items(registration, chosen)
        return items - Counter[LimitedStock](self.already_reserved)

    @property
    def company_shares(self) -> Counter[tuple[Ticket, Company]]:
        """Return how many reserved places each member company gets of each ticket."""
        return Counter(
            (registration.ticket, registration.member_of)
            for registration in self.registrations
            if registration.member_of and registration.is_reserved
        )
