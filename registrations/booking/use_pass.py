"""Use a pass for a member's registration that was ordered before its member was known."""

from django.db.models import F

from convention.club.models import Person
from convention.club.permissions import get_open_seat
from convention.db.limited_stock import release_stock, reserve_stock
from registrations.billing.receivables import calculate_amount_retained, sync_existing_receivable
from registrations.models import Order, Registration, Voucher
from registrations.pricing.passes import count_passes_left, get_pass_quota
from registrations.pricing.reductions import Reduction, serialize_reductions

# Fields of a registration that `use_pass` changes.
PRICE_FIELDS = ("price", "reductions", "membership_pass", "voucher")


def use_pass(registration: Registration, person: Person) -> bool:
    """Let the membership's pass pay for the registration; return whether it does.

    The caller holds the registration locked and saves it. Nothing happens if money was paid already.
    """
    seat = get_open_seat(person)
    if not (seat and registration.ticket.uses_pass and registration.price):
        return False
    if not count_passes_left(seat.membership, registration.event) or calculate_amount_retained(
        registration.order
    ):
        return False
    voucher_use = _find_replaced_voucher_use(registration)
    release_stock(voucher_use)  # vouchers come before passes in the lock order
    passes = get_pass_quota(seat.membership, registration.event)
    if reserve_stock({passes: 1}):
        reserve_stock(voucher_use)  # cannot fail: its row is still locked
        return False
    registration.voucher = None if voucher_use else registration.voucher
    saved_cents, registration.price = registration.price, 0
    registration.membership_pass = passes
    registration.reductions = serialize_reductions([Reduction("pass", saved_cents)])
    Order.objects.filter(pk=registration.order_id).update(total=F("total") - saved_cents)
    # Written now, because the receivable is computed from the database before the caller saves.
    Registration.objects.filter(pk=registration.pk).update(price=0)
    sync_existing_receivable(registration.order)
    return True


def _find_replaced_voucher_use(registration: Registration) -> dict[Voucher, int]:
    """Return the voucher use that a pass replaces; a voucher that opens a hidden ticket stays used."""
    voucher = registration.voucher
    return {voucher: 1} if voucher and registration.ticket.is_public else {}
