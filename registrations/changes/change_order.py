"""Change what a confirmed registration includes, its ticket and its add-ons, or the language of an order.

`preview_order_change` computes the difference in price; `change_order` applies the change if the difference
is still the same.
"""

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.permissions import find_member_companies
from convention.db.limited_stock import LimitedStock
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.events.sequence import advance_sequence
from convention.text.email_addresses import normalize_email
from registrations.application_rules import check_applications
from registrations.billing.charge_titles import make_addon_charge_key
from registrations.billing.price_change import settle_price_change
from registrations.billing.receivables import list_registration_charges
from registrations.booking.build_order import make_price_fields
from registrations.booking.validation import is_addon_for_ticket
from registrations.inventory.stock import CompanyTicket, exchange_tickets
from registrations.invoices.ledger.charges import ChargeItem
from registrations.models import Addon, Order, Registration, RegistrationAddon, Ticket
from registrations.models.sale_items import SaleItem
from registrations.permissions import LinkAccess
from registrations.pricing.catalog import make_price_list, quote_changed_ticket
from registrations.pricing.quote import QuoteLine

# The columns that change with the price of another ticket.
PRICE_FIELDS = ("price", "vat_rate", "vat_exemption", "reductions", "voucher")
NO_DELAY: Final = datetime.timedelta(0)


class OrderChangeRefused(ConventionError):
    """The ticket or add-ons do not go with this registration, or nothing would change."""

    kind = "order-change-refused"
    status = 409


class DifferenceChanged(ConventionError):
    """The difference in price is not the one in the preview any more."""

    kind = "price-changed"
    status = 409


@dataclass(frozen=True)
class OrderChange:
    """A change of a registration: the price of the new ticket if it is another one, and the add-ons.

    `lacks_membership` says that the new ticket is for members and the registration is not a member's.
    """

    ticket: Ticket
    ticket_line: QuoteLine | None
    old_ticket_cents: int
    added: tuple[Addon, ...]
    removed: tuple[RegistrationAddon, ...]
    lacks_membership: bool = False

    @property
    def membership_sentence(self) -> str:
        return _(
            "“%(ticket)s” is for members only, and this registration is not a member’s. Choose another "
            "ticket, or enter the reason."
        ) % {"ticket": self.ticket.title}

    @property
    def difference_cents(self) -> int:
        """Return how much more the registration costs, negative if it costs less."""
        ticket_cents = self.ticket_line.price - self.old_ticket_cents if self.ticket_line else 0
        addon_cents = sum(addon.price for addon in self.added) - sum(chosen.price for chosen in self.removed)
        return ticket_cents + addon_cents

    def describe_for_history(self, old_ticket: Ticket) -> dict[str, Any]:
        """Return the short names of what was exchanged and the difference in cents, for the audit trail."""
        return make_change_details(
            tickets=[old_ticket.slug, self.ticket.slug] if self.ticket_line else [],
            added_addons=[addon.slug for addon in self.added],
            removed_addons=[chosen.addon.slug for chosen in self.removed],
            difference_cents=self.difference_cents,
        )

    def list_replaced_charges(self, registration: Registration) -> list[ChargeItem]:
        """Return the charges of the former ticket and of the removed add-ons.

        A ticket of the same price keeps the charge, also where the treasurer has credited it.
        """
        replaced_keys = {make_addon_charge_key(registration, chosen) for chosen in self.removed}
        if self.ticket_line and self.ticket_line.price != self.old_ticket_cents:
            replaced_keys.add(registration.reference)
        return [charge for charge in list_registration_charges(registration) if charge.key in replaced_keys]

    @property
    def changed_fields(self) -> list[str]:
        """Return the names for the audit trail."""
        return [
            *(["ticket", "price"] if self.ticket_line else []),
            *(["addons"] if self.added or self.removed else []),
        ]


def make_change_details(
    *,
    tickets: Sequence[str],
    added_addons: Sequence[str] = (),
    removed_addons: Sequence[str] = (),
    difference_cents: int,
) -> dict[str, Any]:
    """Return the details by which an audit entry names a change; items by their short names."""
    return {
        "tickets": list(tickets),
        "added_addons": list(added_addons),
        "removed_addons": list(removed_addons),
        "difference_cents": difference_cents,
    }


def preview_order_change(
    *, registration: Registration, ticket: Ticket, addons: Collection[Addon]
) -> OrderChange:
    """Return what the change comes to. Raise OrderChangeRefused or NotOpenNow."""
    _check_changeable(registration)
    if ticket.event_id != registration.event_id:
        raise OrderChangeRefused(_("Choose a ticket of this event."))
    has_new_ticket = ticket.pk != registration.ticket_id
    chosen = {item.addon_id: item for item in registration.active_addons}
    for addon in addons:
        # An add-on booked with the present ticket stays, even if it is no longer sold with that ticket.
        if (has_new_ticket or addon.pk not in chosen) and not is_addon_for_ticket(addon, ticket.slug):
            raise OrderChangeRefused(
                _("“%(addon)s” is not available with “%(ticket)s”. Remove it first.")
                % {"addon": addon.title, "ticket": ticket.title}
            )
    added = tuple(addon for addon in addons if addon.pk not in chosen)
    _check_currency(registration.order, [*([ticket] if has_new_ticket else []), *added])
    change = OrderChange(
        ticket,
        quote_changed_ticket(ticket, registration.voucher, registration.membership_pass)
        if has_new_ticket
        else None,
        registration.price,
        added,
        tuple(item for pk, item in chosen.items() if pk not in {addon.pk for addon in addons}),
        has_new_ticket and ticket.needs_member_verification and registration.member_of_id is None,
    )
    if not change.changed_fields:
        raise OrderChangeRefused(_("Choose another ticket, or add or remove an add-on."))
    return change


@transaction.atomic
def change_order(
    *,
    registration: Registration,
    ticket: Ticket,
    addons: Collection[Addon],
    expected_cents: int,
    reason: str = "",
    membership_exception: str = "",
    mail_delay: datetime.timedelta = NO_DELAY,
) -> Registration:
    """Change ticket and add-ons, charge or refund the difference, and mail the new confirmation.

    `membership_exception` is the reason for which somebody who is no member may get a ticket for members.

    `mail_delay` leaves the buyer time to pay first: the payment sends the mail at once.
    Raise DifferenceChanged unless the difference is `expected_cents`, SoldOut or CompanyFull without a place
    left, OrderChangeRefused, NotOpenNow, or ApplicationRequired.
    """
    registration = lock_registration(registration)
    old_place = (registration.ticket, registration.member_of)
    recognize_members([registration], ticket)
    change = preview_order_change(registration=registration, ticket=ticket, addons=addons)
    _check_agreed(change, expected_cents, membership_exception)
    stock_changes = Counter[LimitedStock]()
    if change.ticket_line:
        set_ticket(registration, change.ticket, change.ticket_line, stock_changes)
    sequence = advance_sequence(registration.event_id)
    # Cleared, or the task below would regard the mail with the new ticket as sent.
    registration.sequence, registration.confirmation_sent_at = sequence, None
    _save_changes(registration, change)
    record_action(
        "registration.change_order",
        registration,
        event=registration.event,
        fields=change.changed_fields,
        reason=reason,
        details=change.describe_for_history(old_place[0]),
    )
    settle_price_change(
        registration=registration,
        difference_cents=change.difference_cents,
        refund_key=f"change:{registration.reference}:{sequence}",
        reason=reason,
    )
    # Stock last: every booking takes its locks in this order.
    _exchange_stock(registration, change, old_place, stock_changes)
    hooks.send_order_mails.enqueue_after(mail_delay, registration.order_id)
    return registration


def _save_changes(registration: Registration, change: OrderChange) -> None:
    registration.save()
    if change.ticket_line:
        # After saving, because the application is linked to the saved row.
        check_applications([registration])
    _save_addons(registration, change)


def _check_agreed(change: OrderChange, expected_cents: int, membership_exception: str) -> None:
    if change.lacks_membership and not membership_exception.strip():
        raise OrderChangeRefused(change.membership_sentence)
    if change.difference_cents != expected_cents:
        raise DifferenceChanged(_("The price has changed in the meantime. Check it again."))


def recognize_members(registrations: Iterable[Registration], ticket: Ticket) -> None:
    """Set the companies of attendees who are members, found by address, before a change to a members' ticket.

    Nothing is saved. Each place then counts towards the company's share, as if the member had booked it.
    """
    if not ticket.needs_member_verification:
        return
    unrecognized = [row for row in registrations if row.ticket_id != ticket.pk and row.member_of_id is None]
    companies = find_member_companies({row.email for row in unrecognized})
    for registration in unrecognized:
        if company := companies.get(normalize_email(registration.email)):
            registration.member_of = company
            registration.fill_company()


def _exchange_stock(
    registration: Registration,
    change: OrderChange,
    old_place: CompanyTicket,
    stock_changes: Counter[LimitedStock],
) -> None:
    """Reserve what was added and release what was removed, with the `stock_changes` of `set_ticket`."""
    stock_changes.subtract(item.addon for item in change.removed)
    stock_changes.update(change.added)
    is_moved = change.ticket_line is not None
    exchange_tickets(
        [old_place] if is_moved else [],
        [(change.ticket, registration.member_of)] if is_moved else [],
        extra_items=stock_changes,
    )


@transaction.atomic
def change_ticket(
    *, registration: Registration, ticket: Ticket, expected_cents: int, reason: str = ""
) -> Registration:
    """Change the ticket alone, as `change_order` does; the add-ons stay."""
    # Under the lock, or an add-on that is booked meanwhile would be removed.
    locked = lock_registration(registration)
    addons = [chosen.addon for chosen in locked.active_addons]
    return change_order(
        registration=locked, ticket=ticket, addons=addons, expected_cents=expected_cents, reason=reason
    )


def set_ticket(
    registration: Registration, ticket: Ticket, line: QuoteLine, stock_changes: Counter[LimitedStock]
) -> None:
    """Set ticket and price; a pass or a voucher that does not apply to the new ticket is released.

    It is noted in `stock_changes`, whose numbers are positive to reserve and negative to release.
    """
    pass_quota, voucher = registration.membership_pass, registration.voucher
    price_fields = make_price_fields(line, voucher)
    registration.ticket = ticket
    for name in PRICE_FIELDS:
        setattr(registration, name, price_fields[name])
    if pass_quota and not line.uses_pass:
        stock_changes[pass_quota] -= 1
        registration.membership_pass = None
    if voucher and not line.uses_voucher:
        stock_changes[voucher] -= 1


def _check_currency(order: Order, items: Iterable[SaleItem]) -> None:
    """Raise OrderChangeRefused for an item in another currency: one order has one total."""
    for item in items:
        if item.currency != order.currency:
            raise OrderChangeRefused(
                _("“%(item)s” is sold in %(other)s, and this order is in %(currency)s.")
                % {"item": item.title, "other": item.currency, "currency": order.currency}
            )


def _check_changeable(registration: Registration) -> None:
    """Raise NotOpenNow unless the registration is confirmed and the event is not over."""
    if registration.state != Registration.State.CONFIRMED:
        raise NotOpenNow(_("Only a confirmed registration can be changed."))
    if registration.event.is_over():
        raise NotOpenNow(_("The event is over, so the registration can no longer be changed."))


def lock_registration(registration: Registration) -> Registration:
    """Return the registration, locked after its order."""
    Order.objects.locked_for_update().get(pk=registration.order_id)
    rows = Registration.objects.select_related("order__event", "event", "ticket", "member_of", "voucher")
    return rows.select_for_update(of=("self",)).prefetch_related("addons__addon").get(pk=registration.pk)


def _save_addons(registration: Registration, change: OrderChange) -> None:
    removed_ids = [item.pk for item in change.removed]
    RegistrationAddon.objects.filter(pk__in=removed_ids).update(cancelled_at=timezone.now())
    RegistrationAddon.objects.bulk_create(
        RegistrationAddon(
            registration=registration,
            addon=addon,
            price=addon.price,
            vat_rate=make_price_list(addon).vat_rate,
            vat_exemption=make_price_list(addon).vat_exemption,
        )
        for addon in change.added
    )


def can_change_language(link_access: LinkAccess) -> bool:
    """Return whether the holder of the link may choose the language: not for the others of a group."""
    return link_access.is_full or link_access.order.registrations.count() == 1


@transaction.atomic
def change_order_language(*, order: Order, language: str) -> Order:
    """Save the language of everything that is sent from now on. Raise InvalidFields for an unknown one."""
    if language not in dict(settings.LANGUAGES):
        raise InvalidFields(
            _("Some fields need to be corrected."), {"language": [_("Choose the language of the e-mails.")]}
        )
    order = Order.objects.locked_for_update().get(pk=order.pk)
    if order.language != language:
        order.language = language
        order.save(update_fields=["language"])
        record_action("order.change_language", order, event=order.event, fields=["language"])
    return order
