"""Verification: the mailed link is opened, and what an order holds for that address is confirmed.

The link names an order and an address. That of the buyer verifies an order on invoice as a whole; that of a
member proves the places in it that are for a member with this address. Whoever orders with their own address
gets one link for both.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import folded, same
from convention.audit.record import record
from convention.errors import ConventionError, Expired, NotFound
from convention.secret_keys import ExpiredToken, UnreadableToken, decrypt_token, encrypt_token

from .confirm_paid import confirm_waiting
from .hold_places import unconfirmed
from .members import member_by_email
from .models import Order, Registration, Sponsorship
from .prove import LINK_LASTS, prove
from .register import refuse_if_closed

PURPOSE = "registrations.verification"


@dataclass(frozen=True)
class Verification:
    """An order, and the address to which its link was mailed."""

    order: Order
    address: str

    @property
    def is_of_order(self) -> bool:
        """Return whether the link verifies the buyer, and so the order as a whole."""
        return self.order.needs_verification and same(self.order.email, self.address)

    @property
    def registrations(self) -> list[Registration]:
        """Return the places that opening the link is about, those that it has confirmed included."""
        rows = self.order.registrations.select_related("ticket__event").order_by("pk")
        standing = [one for one in rows if one.cancelled_at is None]
        return standing if self.is_of_order else [one for one in standing if self.proves(one)]

    @property
    def packages(self) -> list[Sponsorship]:
        """Return the sponsor's packages that it is about."""
        rows = Sponsorship.objects.standing().filter(order=self.order).select_related("package")
        return list(rows) if self.is_of_order else []

    @property
    def parts(self) -> list[Registration | Sponsorship]:
        """Return both."""
        return [*self.packages, *self.registrations]

    @property
    def is_done(self) -> bool:
        """Return whether opening the link has nothing left to do."""
        is_waiting = self.is_of_order and self.order.awaits_verification
        return not is_waiting and all(one.confirmed_at or self._is_for_other(one) for one in self.parts)

    @property
    def has_achieved(self) -> bool:
        """Return whether it confirmed something, or left it to the link of a colleague."""
        return any(one.confirmed_at or self._is_for_other(one) for one in self.parts)

    def proves(self, registration: Registration) -> bool:
        """Return whether the link proves a place for members."""
        return registration.ticket.needs_proof and same(registration.email, self.address)

    def _is_for_other(self, one: Registration | Sponsorship) -> bool:
        return isinstance(one, Registration) and one.awaits_proof and not self.proves(one)


def verification_token(order: Order, address: str) -> str:
    """Return what a mailed link carries, encrypted; send it to that address only."""
    return encrypt_token(PURPOSE, [order.reference, folded(address)])


def load_verification(token: str) -> Verification:
    """Return what a mailed link verifies. Raises Expired for an old link, NotFound for a forged one."""
    lasts = LINK_LASTS + datetime.timedelta(hours=settings.UNVERIFIED_HOLD_HOURS)
    try:
        reference, address = decrypt_token(PURPOSE, token, max_age=lasts)
    except ExpiredToken as error:
        raise Expired(_("This link has expired. Please register again.")) from error
    except UnreadableToken as error:
        raise NotFound(_("This link is not valid; it may have been cut in the e-mail.")) from error
    order = Order.objects.select_related("event__venue").filter(reference=reference).first()
    found = Verification(order, address) if order else None
    if found is None or not found.parts:
        raise NotFound(_("This link is no longer valid: the order has changed since."))
    return found


@transaction.atomic
def verify_address(*, order: Order, address: str) -> Order:
    """Confirm what the order holds for this address, and queue the confirmation; return the order.

    What was given back meanwhile is taken again if it is left. Opening the link twice changes nothing. Where
    a part cannot be had any more the rest is confirmed. The order gets a new link, since whoever sent the
    order need not be its owner. Where nothing can be confirmed, raises what speaks against it:
    NotAMember, AlreadyRegistered, SoldOut, CompanyFull, Closed, Expired.
    """
    order = _locked(order)
    if order.awaits_verification and same(order.email, address):
        order.verified_at = timezone.now()
        order.save(update_fields=["verified_at", *order.replace_link()])
        record("order.verify", order, event=order.event, fields=["verified_at"])
    errors: list[ConventionError] = []
    for confirm in _steps(order, address):
        try:
            with transaction.atomic():
                confirm()
        except ConventionError as error:
            errors.append(error)
    if errors and not Verification(order, address).has_achieved:
        raise errors[0]
    order.refresh_from_db(fields=["link_version"])
    return order


@transaction.atomic
def vouch_for(*, order: Order, reason: str = "") -> Order:
    """Confirm an order on invoice by an organizer's word, whether or not its link was opened; return it.

    Does nothing for an order that awaits no verification. What was given back meanwhile is taken again.
    Raises SoldOut, CompanyFull, or Closed once the event is over.
    """
    order = _locked(order)
    if order.awaits_verification:
        order.verified_at = timezone.now()
        order.save(update_fields=["verified_at"])
        record("order.vouch", order, event=order.event, fields=["verified_at"], reason=reason)
        confirm_waiting(order=order, verb="order.confirm")
    return order


def vouch_for_reference(reference: str) -> None:
    """Confirm the order of that reference, if there is one, before it is invoiced. Raises as `vouch_for`."""
    if order := Order.objects.unverified().filter(reference__iexact=reference.strip()).first():
        vouch_for(order=order)


def waits_for_buyer(order: Order, registration: Registration) -> bool:
    """Return whether a place, held or lapsed, waits for the link that is mailed to the order's buyer.

    The answer is alike for members and others: pages reveal nobody.
    """
    if not order.needs_verification or registration.confirmed_at or registration.cancelled_at:
        return False
    return order.awaits_verification or not registration.awaits_proof


def waits_for_buyer_alone(order: Order, registration: Registration) -> bool:
    """Return the same of a place for which no link is mailed to somebody else."""
    has_own_link = registration.awaits_proof and not same(registration.email, order.email)
    return not has_own_link and waits_for_buyer(order, registration)


def is_unprovable(registration: Registration) -> bool:
    """Return whether a place for members is for an address that no member has: no link can confirm it."""
    return registration.awaits_proof and member_by_email(registration.email) is None


def _locked(order: Order) -> Order:
    return Order.objects.alone().select_related("event").get(pk=order.pk)


def _steps(order: Order, address: str) -> Iterator[Callable[[], object]]:
    """Yield what opening the link does, each part by itself."""
    places = order.registrations.select_related("event", "ticket__event", "order").order_by("pk")
    for place in places:
        if place.ticket.needs_proof and same(place.email, address):
            yield partial(prove, registration=place)
    if order.needs_verification and same(order.email, address):
        yield partial(_confirm_rest, order)


def _confirm_rest(order: Order) -> None:
    """Confirm what waits for the buyer alone. Raises Closed where it lapsed and registration is closed."""
    waiting = unconfirmed(order).that(lambda one: not one.awaits_proof)
    if any(not one.is_held() for one in waiting.places):
        refuse_if_closed(order.event, at=timezone.now())
    confirm_waiting(order=order, verb="order.confirm")
