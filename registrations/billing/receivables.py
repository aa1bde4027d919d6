"""Update the receivable of an order to what its registrations and sponsorships cost.

A receivable (`invoices.ledger`) has the order's reference. It is created when the order is first billed or
its balance is first read. Amounts are in cents.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import fields
from typing import Any

from django.db.models import Q
from django.utils import translation

from convention.actor import unsigned_actions
from convention.events.models import Event
from convention.money import Money
from registrations.billing.buyer_name import find_billing_name
from registrations.billing.charge_titles import (
    FEE_KEY_SUFFIX,
    describe_fee,
    describe_sponsorship,
    make_addon_charge_key,
    make_charge_key,
)
from registrations.billing.tax_number import read_stored_tax_number
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import (
    DISCOUNT_KEY_PREFIX,
    Buyer,
    ChargeItem,
    find_waived_items,
    list_discounts,
    record_charges,
    update_attendee_names,
    update_buyer,
    withdraw_charges,
)
from registrations.invoices.models.documents import Charge, Payment, Receivable
from registrations.invoices.tax_amounts import allocate_cents
from registrations.models import (
    Order,
    Registration,
    RegistrationAddon,
    RegistrationQuerySet,
    Sponsorship,
)
from registrations.models.sponsors import SponsorshipQuerySet

BUYER_FIELDS = [field.name for field in fields(Buyer)]

# Key of the charge, title, and the row with its price and VAT rate.
type PricedLine = tuple[str, str, Registration | RegistrationAddon]


def sync_receivable(order: Order) -> Receivable:
    """Create or update the order's receivable: active items and cancellation fees.

    The buyer's data are those of the order, as corrected by the treasurer since. A place that was paid after
    its hold had expired is not owed until the buyer gets it again: the payment waits for the treasurer.
    """
    registrations = [item for item in list_billable_registrations(order) if order.may_owe_for(item)]
    sponsorships = list(list_active_sponsorships(order))
    lapsed_keys = _find_lapsed_charge_keys(order, [*registrations, *sponsorships])
    return bill_order(
        order,
        [item for item in registrations if make_charge_key(item) not in lapsed_keys],
        [item for item in sponsorships if make_charge_key(item) not in lapsed_keys],
    )


def _find_lapsed_charge_keys(order: Order, rows: "list[Registration | Sponsorship]") -> set[str]:
    """Return the keys of expired items that were charged once and are no longer."""
    expired = {make_charge_key(item) for item in rows if item.state == item.State.EXPIRED}
    if not expired:
        return expired
    charges = Charge.objects.filter(receivable__reference=order.reference, key__in=expired)
    # Expired items that are still charged stay so: a late payment may confirm them.
    return set(charges.values_list("key", flat=True)) - set(charges.active().values_list("key", flat=True))


def sync_receivable_for_reader(order: Order) -> Receivable:
    """Sync the receivable before it is read; the audit trail does not name the reader as the author."""
    with unsigned_actions():
        return sync_receivable(order)


def list_billable_registrations(order: Order) -> RegistrationQuerySet:
    """Return all registrations of an order with the related rows that billing reads."""
    rows: RegistrationQuerySet = order.registrations.select_related("ticket").prefetch_related(
        "addons__addon"
    )
    return rows.order_by("pk")


def find_receivable(reference: str) -> Receivable | None:
    """Return the receivable of an order by its reference; None for an unknown or free order.

    An order that awaits verification owes nothing yet. An existing receivable keeps the treasurer's
    corrections; only expired registrations are withdrawn from it.
    """
    orders = Order.objects.select_related("event").filter(reference__iexact=reference, total__gt=0)
    order = orders.first()
    if order is None:
        return None
    receivable = Receivable.objects.select_related("event").filter(reference=order.reference).first()
    if receivable is None:
        # Anybody can order in another's name: nothing is owed before the address is verified.
        return None if order.awaits_verification else sync_receivable_for_reader(order)
    expired = [
        registration
        for registration in list_billable_registrations(order)
        if not order.may_owe_for(registration)
    ]
    if keys := [charge.key for registration in expired for charge in list_registration_charges(registration)]:
        with unsigned_actions():
            withdraw_charges(receivable=receivable, keys=keys)
    return receivable


def bill_order(
    order: Order, registrations: Iterable[Registration], sponsorships: Iterable[Sponsorship]
) -> Receivable:
    """Record that the order owes for exactly these registrations and sponsorships."""
    registrations = list(registrations)
    charges = Charge.objects.filter(receivable__reference=order.reference)
    # Only fees depend on what was credited, so that other orders save the query.
    waived = find_waived_items(charges) if any(row.cancellation_fee for row in registrations) else set()
    owners = {registration.reference for registration in registrations if not registration.cancelled_at}
    # Descriptions are stored and printed on invoices, in the buyer's language.
    with translation.override(order.language):
        return record_charges(
            reference=order.reference,
            # The treasurer may have corrected the buyer: the order's own data would overwrite that.
            buyer=find_saved_buyer(order.reference) or make_buyer(order, find_billing_name(order)),
            items=_list_charges(registrations, sponsorships, waived),
            currency=order.currency,
            owners=owners,
            **describe_service(order.event),
        )


def describe_service(event: Event) -> dict[str, Any]:
    """Return the fields of a receivable that name the event and its days, in the active language."""
    return {
        "event": event,
        "subject": event.title[:300],
        # The date of the service, which an invoice must name, is the local one.
        "service_from": event.starts_at.astimezone(event.zone).date(),
        "service_to": event.ends_at.astimezone(event.zone).date(),
    }


def _list_charges(
    registrations: Iterable[Registration], sponsorships: Iterable[Sponsorship], waived: Set[tuple[str, int]]
) -> list[ChargeItem]:
    return [
        *(charge for sponsorship in sponsorships for charge in list_sponsorship_charges(sponsorship)),
        *(
            charge
            for registration in registrations
            for charge in list_registration_charges(registration, waived)
        ),
    ]


def sync_existing_receivable(order: Order) -> None:
    """Sync the order's receivable if there is one."""
    billed = order.payment != Order.Payment.FREE
    if billed and Receivable.objects.filter(reference=order.reference).exists():
        sync_receivable(order)


def sync_attendee_names(registrations: Iterable[Registration]) -> None:
    """Write the attendees' names on their charges; issued invoices stay as they are.

    The registrations' orders must be loaded. An empty name, as after an erasure, removes the name.
    """
    rows = list(registrations)
    names = {
        registration.reference: registration.name if registration.has_name else "" for registration in rows
    }
    update_attendee_names(references={registration.order.reference for registration in rows}, names=names)


def make_buyer(order: Order, name: str) -> Buyer:
    """Return the buyer from the billing details of the order.

    Without a name the receivable is titled by its first attendee, whose name is not stored as the buyer's:
    their erasure would not find it there.
    """
    tax_number = read_stored_tax_number(order.billing_tax_number, country=order.billing_country)
    return Buyer(
        name=name,
        street=order.billing_street,
        postcode=order.billing_postcode,
        city=order.billing_city,
        country=order.billing_country or "FR",
        siren=tax_number.siren,
        vat_number=tax_number.vat_number,
        email=order.email,
        language=order.language,
        purchase_order=order.purchase_order,
    )


def find_stored_receivable(order: Order) -> Receivable | None:
    """Return the order's receivable as it is stored, without syncing it."""
    return Receivable.objects.filter(reference=order.reference).first()


def find_saved_buyer(reference: str) -> Buyer | None:
    """Return the buyer noted on the receivable, which the treasurer may have completed."""
    values = Receivable.objects.filter(reference=reference).values(*BUYER_FIELDS).first()
    return Buyer(**values) if values else None


def update_buyers(orders: Iterable[Order], field_name: str) -> None:
    """Copy one field, such as the purchase order, from these orders to their receivables."""
    by_reference = {order.reference: order for order in orders}
    for receivable in Receivable.objects.filter(reference__in=by_reference).order_by("pk"):
        update_buyer(receivable, {field_name: getattr(by_reference[receivable.reference], field_name)})


def list_active_sponsorships(order: Order) -> SponsorshipQuerySet:
    """Return the order's sponsorships that were not cancelled."""
    rows: SponsorshipQuerySet = Sponsorship.objects.active().filter(order=order)
    return rows.select_related("package")


def list_sponsorship_charges(sponsorship: Sponsorship) -> list[ChargeItem]:
    """Return the charge of a sponsorship; none where it is free."""
    line = ChargeItem(
        key=make_charge_key(sponsorship),
        description=describe_sponsorship(sponsorship)[:300],
        unit_price=sponsorship.price,
        vat_rate=sponsorship.vat_rate,
        exemption=sponsorship.vat_exemption,
    )
    return [line] if sponsorship.price else []


def list_registration_charges(
    registration: Registration, waived: Set[tuple[str, int]] = frozenset()
) -> list[ChargeItem]:
    """Return the charges of a registration: its ticket and add-ons, or its cancellation fee.

    `waived` are the items that the treasurer credited in full (`find_waived_items`): they bear no part of the
    fee.
    """
    lines: list[PricedLine] = [
        (registration.reference, registration.ticket.title, registration),
        *(
            (make_addon_charge_key(registration, addon), addon.addon.title, addon)
            for addon in registration.billed_addons
        ),
    ]
    if registration.cancelled_at and not registration.merged_into_id:
        charges = _list_fee_charges(registration, lines, waived)
    else:
        # Merging moves no money: what was paid for a duplicate stays on its own invoice, under the same key.
        prices = [item.price for _key, _title, item in lines]
        shares = (
            allocate_cents(registration.cancellation_fee, prices) if registration.cancelled_at else prices
        )
        charges = [
            _make_charge(key, title, share, item, registration)
            for (key, title, item), share in zip(lines, shares, strict=True)
        ]
    return [charge for charge in charges if charge.unit_price]


def _list_fee_charges(
    registration: Registration, lines: Sequence[PricedLine], waived: Set[tuple[str, int]]
) -> list[ChargeItem]:
    """Return the parts of the cancellation fee: each item may have another VAT rate."""
    owed_lines = [(key, title, item) for key, title, item in lines if (key, item.price) not in waived]
    # By price. A fee can only remain without any owed item if it was set before the items were credited.
    lines = owed_lines or lines
    shares = allocate_cents(registration.cancellation_fee, [item.price for _key, _title, item in lines])
    return [
        _make_charge(
            # Not the key of the price, so that the ledger credits that charge and invoices the fee.
            f"{key}{FEE_KEY_SUFFIX}",
            describe_fee(title),
            share,
            item,
            registration,
        )
        for (key, title, item), share in zip(lines, shares, strict=True)
    ]


def _make_charge(
    charge_key: str,
    title: str,
    price: int,
    item: Registration | RegistrationAddon,
    registration: Registration,
) -> ChargeItem:
    return ChargeItem(
        key=charge_key,
        description=title[:300],
        # Not “Name to follow”, which would be stored on the invoice.
        attendee=registration.name if registration.has_name else "",
        unit_price=price,
        vat_rate=item.vat_rate,
        exemption=item.vat_exemption,
    )


def calculate_amount_due(registration: Registration) -> int:
    """Return what is still due for a registration, in cents, after the treasurer's credits.

    A discount on the order is set against its other charges first, and lowers this amount only by the rest.
    """
    receivable = find_stored_receivable(registration.order)
    charges = receivable.charges.all() if receivable else None
    return calculate_dues_together([registration], charges)[registration.pk]


def calculate_dues_together(
    registrations: Iterable[Registration], charges: Iterable[Charge] | None
) -> dict[int, int]:
    """Return what is due for each registration of an order in cents, by id, if all of them end at once.

    `charges` are those of the order's receivable; None if it was not billed. Each cent of a discount lowers
    the amount due of one registration only.
    """
    if charges is None:
        return {row.pk: row.full_price - row.unpaid_addon_cents for row in registrations}
    charges = list(charges)
    amounts = {charge.key: charge.amount for charge in charges if charge.withdrawn_at is None}
    discount_cents = -sum(amounts.pop(key) for key in [*amounts] if key.startswith(DISCOUNT_KEY_PREFIX))
    other_cents, dues = sum(amounts.values()), {}
    # By id, so that a preview, whose rows come by name, agrees with the cancellation.
    for registration in sorted(registrations, key=lambda registration: registration.pk):
        own_charges = list_registration_charges(registration)
        other_cents -= sum(amounts.pop(charge.key, 0) for charge in own_charges)
        # Add-ons that await their payment are dropped, so that no fee is due for them.
        unpaid_keys = {make_addon_charge_key(registration, item) for item in registration.unpaid_addons}
        due_charges = [charge for charge in own_charges if charge.key not in unpaid_keys]
        price_cents = sum(charge.unit_price for charge in due_charges) - sum_waived(due_charges, charges)
        # Discounts carry no item, so they are set against the other charges first.
        is_covered = other_cents >= discount_cents
        due_cents = price_cents if is_covered else max(0, price_cents - discount_cents)
        discount_cents -= price_cents - due_cents
        dues[registration.pk] = due_cents
    return dues


def sum_waived(items: Iterable[ChargeItem], charges: Iterable[Charge]) -> int:
    """Return the cents of those items that the treasurer credited in full, by the receivable's charges."""
    waived = find_waived_items(charges)
    return sum(item.unit_price for item in items if item.key_and_total in waived)


def is_order_active(order: Order) -> bool:
    """Return whether a registration or sponsorship of the order was not cancelled."""
    return (
        order.registrations.filter(cancelled_at__isnull=True).exists()
        or list_active_sponsorships(order).exists()
    )


def calculate_amount_retained(order: Order) -> int:
    """Return what was paid for an order and not refunded, in cents."""
    receivable = Receivable.objects.filter(reference=order.reference).first()
    return compute_balance(receivable).amount_retained if receivable else 0


def calculate_balance(order: Order) -> Money:
    """Return the amount still to pay; negative where more was paid than the order costs."""
    return Money(
        calculate_amount_owed(order).amount - calculate_amount_retained(order),
        order.currency,
    )


def calculate_amount_owed(order: Order) -> Money:
    """Return what the order costs after the treasurer's credits, whether or not it was paid."""
    return calculate_amounts_owed([order])[order.pk]


def calculate_amounts_owed(orders: Iterable[Order]) -> dict[int, Money]:
    """Return what each order costs after the treasurer's credits, by the order's id."""
    by_reference = {order.reference: order for order in orders}
    credited_charges = Charge.objects.filter(
        Q(waived_at__isnull=False) | Q(withdrawn_at=None, key__startswith=DISCOUNT_KEY_PREFIX),
        receivable__reference__in=by_reference,
    )
    credited = set(credited_charges.values_list("receivable__reference", flat=True))
    # Few orders were credited: the others need no more than their prices.
    return {
        order.pk: _sum_owed_items(order) if reference in credited else order.amount_due
        for reference, order in by_reference.items()
    }


def _sum_owed_items(order: Order) -> Money:
    items = list_owed_items(order, list_billable_registrations(order), list_active_sponsorships(order))
    return Money(sum(cents for _key, cents in (item.key_and_total for item in items)), order.currency)


def list_owed_items(
    order: Order, registrations: Iterable[Registration], sponsorships: Iterable[Sponsorship]
) -> list[ChargeItem]:
    """Return what these registrations and sponsorships of the order cost after the treasurer's credits.

    What was credited in full is left out; discounts are items with a negative price.
    """
    charges = list(Charge.objects.filter(receivable__reference=order.reference))
    waived = find_waived_items(charges)
    items = _list_charges((row for row in registrations if order.may_owe_for(row)), sponsorships, waived)
    return [item for item in items if item.key_and_total not in waived] + list_discounts(charges)


def is_settled(order: Order) -> bool:
    """Return whether the payments cover all that is owed; a free order is settled."""
    return calculate_balance(order).amount <= 0


def was_paid(order: Order) -> bool:
    """Return whether anything was paid for the order, also if it was refunded since."""
    return Payment.objects.filter(receivable__reference=order.reference).exists()


def is_paid(order: Order) -> bool:
    """Return whether the payments cover the order, or it is not provisional and is trusted to pay later."""
    return not order.is_confirmed_later or is_settled(order)


def is_paid_by_card(order: Order) -> bool:
    """Return whether all payments came by card, or by the demo's test card."""
    payments = Payment.objects.filter(receivable__reference=order.reference)
    methods = set(payments.values_list("method", flat=True))
    return bool(methods) and methods <= {Payment.Method.CARD.value, Payment.Method.TEST.value}
