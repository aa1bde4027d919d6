"""Use a pass: a member's place that was ordered before anybody knew whose it is costs nothing after all."""

from django.db.models import F

from convention.club.doors import open_seat
from convention.club.models import Person
from convention.counters import give_back_to, take_from

from .bill import kept_of, rebill
from .models import Order, Registration, Voucher
from .passes import passes_left, passes_of
from .reductions import Reduction, written

PRICED = ("price", "reductions", "membership_pass", "voucher")
"""What it changes of a registration."""


def use_pass(registration: Registration, person: Person) -> bool:
    """Let the membership's pass pay for a place that is theirs now, if one is left; whether it does.

    The caller holds the registration locked and stores it. What was paid already stays paid.
    """
    seat = open_seat(person)
    if not (seat and registration.ticket.uses_pass and registration.price):
        return False
    if not passes_left(seat.membership, registration.event) or kept_of(registration.order):
        return False
    code = _idle_code(registration)
    give_back_to(code)  # before the passes, as everybody locks them
    passes = passes_of(seat.membership, registration.event)
    if take_from({passes: 1}):
        take_from(code)  # nobody else had it meanwhile: its row is locked
        return False
    registration.voucher = None if code else registration.voucher
    saved, registration.price = registration.price, 0
    registration.membership_pass = passes
    registration.reductions = written([Reduction("pass", saved)])
    Order.objects.filter(pk=registration.order_id).update(total=F("total") - saved)
    Registration.objects.filter(pk=registration.pk).update(price=0)
    rebill(registration.order)
    return True


def _idle_code(registration: Registration) -> dict[Voucher, int]:
    """The use of a code that a pass makes needless; one that opens a hidden ticket stays used."""
    voucher = registration.voucher
    return {voucher: 1} if voucher and registration.ticket.is_public else {}
