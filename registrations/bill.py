"""Bill: what an order owes stands as a receivable under its reference, once money is concerned."""

from collections.abc import Iterable
from dataclasses import fields

from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from convention.money import Money

from .invoices.amounts import allotted
from .invoices.balance import balance_of
from .invoices.models import Charge, Payment, Receivable
from .invoices.owe import (
    DISCOUNT,
    Buyer,
    Owed,
    correct_buyer,
    discounts_of,
    name_attendees,
    owe,
    waived_of,
    withdraw,
)
from .models import Order, Registration, RegistrationAddon, RegistrationQuerySet, Sponsorship
from .models.sponsors import SponsorshipQuerySet

BUYER = [field.name for field in fields(Buyer)]


def receivable_of(order: Order) -> Receivable:
    """The receivable of an order, made or corrected to what stands: places, and what was kept of others.

    Who pays is what the order said when it was made, and what the treasurer corrected since. A place that was
    paid too late, when it was gone, is owed no longer until it is had again: what came for it waits for the
    treasurer.
    """
    places = [one for one in rows_to_bill(order) if order.owes_for(one)]
    packages = list(packages_of(order))
    gone = _owed_no_longer(order, [*places, *packages])
    return bill(
        order,
        [one for one in places if _key_of(one) not in gone],
        [one for one in packages if _key_of(one) not in gone],
    )


def _owed_no_longer(order: Order, rows: "list[Registration | Sponsorship]") -> set[str]:
    """The keys of those that lapsed and that the order owed and owes no more."""
    lapsed = {_key_of(one) for one in rows if one.state == one.State.EXPIRED}
    if not lapsed:
        return lapsed
    charges = Charge.objects.filter(receivable__reference=order.reference, key__in=lapsed)
    return set(charges.values_list("key", flat=True)) - set(charges.standing().values_list("key", flat=True))


def rows_to_bill(order: Order) -> RegistrationQuerySet:
    """All registrations of an order with what `bill` reads of them."""
    rows: RegistrationQuerySet = order.registrations.select_related("ticket").prefetch_related(
        "addons__addon"
    )
    return rows.order_by("pk")


def receivable_named(reference: str) -> Receivable | None:
    """The receivable of the order with that reference, None where there is no such order or it is free.

    Nothing is owed for an order that awaits its verification. One that stands already keeps what the
    treasurer corrected; places that lapsed since are owed no longer.
    """
    orders = Order.objects.select_related("event").filter(reference__iexact=reference, total__gt=0)
    order = orders.first()
    if order is None:
        return None
    known = Receivable.objects.select_related("event").filter(reference=order.reference).first()
    if known is None:
        return None if order.awaits_verification else receivable_of(order)
    lapsed = [one for one in rows_to_bill(order) if not order.owes_for(one)]
    if keys := [owed.key for one in lapsed for owed in owed_for(one)]:
        withdraw(receivable=known, keys=keys)
    return known


def bill(order: Order, registrations: Iterable[Registration], packages: Iterable[Sponsorship]) -> Receivable:
    """Note that the order owes for these of its registrations and packages, and for nothing else."""
    event = order.event
    with translation.override(order.language):
        return owe(
            reference=order.reference,
            buyer=noted_buyer(order.reference) or buyer_of(order),
            charges=_all_owed(registrations, packages),
            currency=order.currency,
            event=event,
            subject=event.title[:300],
            service_from=event.starts_at.astimezone(event.zone).date(),
            service_to=event.ends_at.astimezone(event.zone).date(),
        )


def _all_owed(registrations: Iterable[Registration], packages: Iterable[Sponsorship]) -> list[Owed]:
    return [
        *(owed for one in packages for owed in owed_for_package(one)),
        *(owed for registration in registrations for owed in owed_for(registration)),
    ]


def rebill(order: Order) -> None:
    """After places were cancelled, or stand again: what is owed follows, where anything ever was."""
    billed = order.payment != Order.Payment.FREE
    if billed and Receivable.objects.filter(reference=order.reference).exists():
        receivable_of(order)


def follow_names(registrations: Iterable[Registration]) -> None:
    """Write who comes now on what is owed for these registrations; issued invoices stay as they are.

    Their orders must be loaded. An empty name, as after an erasure, leaves none.
    """
    rows = list(registrations)
    names = {one.reference: one.name if one.is_named else "" for one in rows}
    name_attendees(references={one.order.reference for one in rows}, names=names)


def buyer_of(order: Order) -> Buyer:
    """Who pays, as far as the order says."""
    return Buyer(
        name=order.billing_name or order.company or order.email,
        street=order.billing_street,
        postcode=order.billing_postcode,
        city=order.billing_city,
        country=order.billing_country or "FR",
        email=order.email,
        language=order.language,
        purchase_order=order.purchase_order,
    )


def noted_buyer(reference: str) -> Buyer | None:
    """Who pays as it is noted already: the treasurer may have completed it."""
    known = Receivable.objects.filter(reference=reference).values(*BUYER).first()
    return Buyer(**known) if known else None


def follow_orders(orders: Iterable[Order], field: str) -> None:
    """Let what is owed say what these orders say since a moment ago, such as another purchase order."""
    by_reference = {order.reference: order for order in orders}
    for receivable in Receivable.objects.filter(reference__in=by_reference).order_by("pk"):
        correct_buyer(receivable, {field: getattr(by_reference[receivable.reference], field)})


def packages_of(order: Order) -> SponsorshipQuerySet:
    """The packages of an order that were not cancelled."""
    rows: SponsorshipQuerySet = Sponsorship.objects.standing().filter(order=order)
    return rows.select_related("package")


def _key_of(one: Registration | Sponsorship) -> str:
    """What names the charge for a place or a package."""
    return f"package/{one.package.slug}/{one.pk}" if isinstance(one, Sponsorship) else one.reference


def owed_for_package(one: Sponsorship) -> list[Owed]:
    """What a sponsor's package costs; nothing where it is free."""
    line = Owed(
        key=_key_of(one),
        description=f"{one.package.title}, {one.name}"[:300],
        unit_price=one.price,
        vat_rate=one.vat_rate,
        exemption=one.vat_exemption,
    )
    return [line] if one.price else []


def owed_for(registration: Registration) -> list[Owed]:
    """What one registration costs, its place and what it takes besides, or what was kept of that."""
    lines: list[tuple[str, str, Registration | RegistrationAddon]] = [
        (registration.reference, registration.ticket.title, registration),
        *((f"{registration.reference}/{one.addon.slug}", one.addon.title, one) for one in registration.had),
    ]
    if registration.merged_into_id:  # what it paid for stays as it was invoiced
        owed = [_line(key, title, sold.price, sold, registration) for key, title, sold in lines]
        return [line for line in owed if line.unit_price and registration.kept]
    if registration.cancelled_at:
        shares = allotted(registration.kept, [sold.price for _key, _title, sold in lines])
        owed = [
            _line(f"{key}/kept", _("Cancellation fee: %(what)s") % {"what": title}, share, sold, registration)
            for (key, title, sold), share in zip(lines, shares, strict=True)
        ]
    else:
        owed = [_line(key, title, sold.price, sold, registration) for key, title, sold in lines]
    return [line for line in owed if line.unit_price]


def _line(
    key: str, title: str, price: int, sold: Registration | RegistrationAddon, registration: Registration
) -> Owed:
    return Owed(
        key=key,
        description=title[:300],
        attendee=registration.name if registration.is_named else "",
        unit_price=price,
        vat_rate=sold.vat_rate,
        exemption=sold.vat_exemption,
    )


def asked_for(registration: Registration) -> int:
    """What a place asks for still, in cents: its worth, less what the treasurer credited of it.

    A discount on its order is taken off the other things that the order owes, as far as these cover it.
    """
    receivable = Receivable.objects.filter(reference=registration.order.reference).first()
    if receivable is None:
        return registration.worth
    own, waived = owed_for(registration), waived_of(receivable)
    worth = sum(owed.unit_price for owed in own if owed.mark not in waived)
    others = receivable.charges.standing().exclude(key__in=[owed.key for owed in own])
    covering = others.exclude(key__startswith=DISCOUNT).aggregate(sum=Sum("amount"))["sum"] or 0
    given = discounts_of(receivable)
    return worth if covering >= given else max(0, worth - given)


def stands(order: Order) -> bool:
    """Whether anything of an order was not cancelled: a place or a package."""
    return order.registrations.filter(cancelled_at__isnull=True).exists() or packages_of(order).exists()


def kept_of(order: Order) -> int:
    """What was paid for an order and not given back, in cents."""
    receivable = Receivable.objects.filter(reference=order.reference).first()
    return balance_of(receivable).kept if receivable else 0


def left_of(order: Order) -> Money:
    """What is left to pay of an order; below zero where more was kept than it costs."""
    receivable = Receivable.objects.filter(reference=order.reference).first()
    if receivable is None:
        return order.due
    settled = balance_of(receivable).kept + _taken_off(order, receivable)
    return Money(order.due.amount - settled, order.currency)


def _taken_off(order: Order, receivable: Receivable) -> int:
    """Cents that the treasurer took off what stands of an order: discounts, and lines that were credited."""
    waived = waived_of(receivable)
    if not waived:
        return discounts_of(receivable)
    places = [one for one in rows_to_bill(order) if order.owes_for(one)]
    marks = {owed.mark for owed in _all_owed(places, packages_of(order))}
    return discounts_of(receivable) + sum(cents for _key, cents in waived & marks)


def is_settled(order: Order) -> bool:
    """Whether what came in and was not given back covers all that is owed; free is settled."""
    return left_of(order).amount <= 0


def is_paid(order: Order) -> bool:
    """Whether what came in covers what the order costs; one that is not provisional is trusted."""
    return not order.is_provisional or is_settled(order)


def is_paid_by_card(order: Order) -> bool:
    """Whether all that came in for it came by card, or by the card of the demo."""
    payments = Payment.objects.filter(receivable__reference=order.reference)
    methods = set(payments.values_list("method", flat=True))
    return bool(methods) and methods <= {Payment.Method.CARD.value, Payment.Method.TEST.value}
