"""Verification by a mailed link: confirm the items of an order that wait for an address.

The link names an order and an address. The buyer's address verifies an order on invoice as a whole; a
member's address verifies the places that are for a member with it. A member who orders with their own address
gets one link for both.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.models import Company, Person
from convention.club.permissions import find_member_by_email
from convention.codes.secret_keys import ExpiredToken, UnreadableToken, decrypt_token, encrypt_token
from convention.db.limited_stock import LimitedStock
from convention.errors import ConventionError, Forbidden, LinkExpired, NotFound
from convention.events.sequence import advance_sequence
from convention.money import Money
from convention.text.email_addresses import is_same_email, normalize_email
from registrations.application_rules import check_applications
from registrations.attendee_identity import AttendeeIdentity, choose_member_name
from registrations.billing.receivables import is_paid, is_settled, sync_existing_receivable
from registrations.inventory.stock import list_stock_items, reserve_company_share, reserve_items
from registrations.models import Order, PassQuota, Registration, Sponsorship
from registrations.questions.queries import count_chosen_options

from .build_order import get_hold_duration
from .confirm import confirm_pending_items, confirm_settled_order
from .holds import lock_pending_items
from .order_limits import refuse_second_registration
from .transfer import transfer_registration
from .use_pass import PRICE_FIELDS, use_pass
from .validation import refuse_if_closed

LINK_LIFETIME = datetime.timedelta(days=3)
LINK_PURPOSE = "registrations.booking.verification"


class NotAMember(Forbidden):
    """The address is verified, and belongs to no member."""

    kind = "not-a-member"


@transaction.atomic
def verify_membership(*, registration: Registration) -> Registration:
    """Confirm a pending registration for the member with its address, and queue the confirmation.

    If the order is by card, or on invoice by a buyer who is not verified, the place is assigned to the member
    and stays pending; if a pass leaves nothing to pay, the other places of the order are confirmed too.

    A released place is reserved again if one is left. Repeating it changes nothing. Raise NotAMember,
    AlreadyRegistered, SoldOut, CompanyFull, NotOpenNow and LinkExpired.
    """
    # The order is locked first, as payments do. NO KEY UPDATE lets others insert rows that refer to it.
    Order.objects.select_for_update(no_key=True).get(pk=registration.order_id)
    rows = Registration.objects.select_related("event", "ticket", "order").select_for_update(of=("self",))
    registration = rows.get(pk=registration.pk)
    if registration.cancelled_at:
        raise LinkExpired(_("This registration has been cancelled."))
    if registration.confirmed_at or registration.person_id:
        return registration
    # An expired place may be reserved again, but only while registration is open.
    if not registration.is_held():
        refuse_if_closed(registration.event, at=timezone.now())
    person, company = _find_member(registration)
    # The order of locks is that of bookings: member, company share, other stock, tickets.
    refuse_second_registration(registration, person)
    reserve_company_share(registration.ticket, company)
    assigned_fields = _assign_to_member(registration, person, company)
    _reserve_with_pass(registration, person)
    if is_paid(registration.order):
        registration.confirmed_at, registration.hold_expires_at = timezone.now(), None
    elif not registration.is_held():
        registration.hold_expires_at = timezone.now() + get_hold_duration(registration.order)
    registration.is_reserved = True
    hooks.send_order_mails.enqueue(registration.order_id)
    # Verbs are stored in the audit trail, so this one keeps its old name.
    record_action(
        "registration.prove", registration, event=registration.event, fields=["person", "confirmed_at"]
    )
    registration.sequence = advance_sequence(registration.event_id)
    changed = ["person", "member_of", "confirmed_at", "hold_expires_at", "is_reserved", "sequence"]
    registration.save(update_fields=[*{*changed, *assigned_fields}, *PRICE_FIELDS])
    # After saving, because an application is linked to the saved row; an error rolls everything back.
    check_applications([registration])
    sync_existing_receivable(registration.order)
    confirm_settled_order(order=registration.order)
    return registration


def get_confirmed_name(registration: Registration) -> tuple[str, str]:
    """Return the first and last name that the registration will have once it is confirmed."""
    member = find_member_by_email(registration.email)
    typed = AttendeeIdentity.from_row(registration)
    return (
        choose_member_name(typed, AttendeeIdentity.from_row(member[0]))
        if member
        else (typed.first_name, typed.last_name)
    )


def _assign_to_member(registration: Registration, person: Person, company: Company) -> list[str]:
    """Assign the registration to the member, with their name and employer; return the fields to save."""
    changed_fields = ["issued_to", "is_private", "company"]
    name = choose_member_name(AttendeeIdentity.from_row(registration), AttendeeIdentity.from_row(person))
    if name != (registration.first_name, registration.last_name):  # the answers were another person's, too
        changed_fields += [*transfer_registration(registration), "first_name", "last_name"]
        registration.first_name, registration.last_name = name
    registration.person, registration.member_of, registration.issued_to = person, company, {}
    registration.fill_company()
    _hide_from_sender(registration)
    return changed_fields


def _hide_from_sender(registration: Registration) -> None:
    """Keep the sender of the order, who is not verified, from opening this registration."""
    order = registration.order
    if is_same_email(order.email, registration.email):
        order.save(update_fields=order.raise_link_version())
    else:
        registration.is_private = True


def _reserve_with_pass(registration: Registration, person: Person) -> None:
    """Use a pass for the registration, and reserve released stock again.

    Stock is locked in `LOCK_ORDER`: what comes before passes first, then the pass, then the rest.
    """
    released = Counter[LimitedStock]()
    if not registration.occupies_place:
        addons = registration.addons.filter(cancelled_at__isnull=True).select_related("addon")
        released = list_stock_items(registration, addons) + count_chosen_options([registration])
    reserve_items({row: number for row, number in released.items() if row.LOCK_ORDER < PassQuota.LOCK_ORDER})
    use_pass(registration, person)
    reserve_items({row: number for row, number in released.items() if row.LOCK_ORDER > PassQuota.LOCK_ORDER})


def _find_member(registration: Registration) -> tuple[Person, Company]:
    member = find_member_by_email(registration.email)
    if member is None:
        raise NotAMember(
            _(
                "This ticket is for members, and we have no member with this address. Another ticket "
                "may be open to you."
            )
        )
    return member


@dataclass(frozen=True)
class AddressVerification:
    """An order, and the address to which its link was mailed."""

    order: Order
    address: str

    @property
    def is_for_buyer(self) -> bool:
        """Return whether the link verifies the buyer, and so the order as a whole."""
        return self.order.needs_verification and is_same_email(self.order.email, self.address)

    @property
    def registrations(self) -> list[Registration]:
        """Return the active registrations that the link is about, confirmed ones included."""
        rows = self.order.registrations.select_related("ticket__event").order_by("pk")
        active = [item for item in rows if item.cancelled_at is None]
        return active if self.is_for_buyer else [item for item in active if self.verifies_member(item)]

    @property
    def packages(self) -> list[Sponsorship]:
        """Return the active packages that the link is about."""
        rows = Sponsorship.objects.active().filter(order=self.order).select_related("package")
        return list(rows) if self.is_for_buyer else []

    @property
    def all_items(self) -> list[Registration | Sponsorship]:
        return [*self.packages, *self.registrations]

    @property
    def is_done(self) -> bool:
        """Return whether opening the link would change nothing."""
        is_waiting = self.is_for_buyer and self.order.awaits_verification
        return not is_waiting and all(
            item.confirmed_at or self._needs_other_link(item) for item in self.all_items
        )

    @property
    def has_confirmed_any(self) -> bool:
        """Return whether an item is confirmed now, or left to a colleague's own link."""
        return any(item.confirmed_at or self._needs_other_link(item) for item in self.all_items)

    def verifies_member(self, registration: Registration) -> bool:
        """Return whether the link verifies the member of this registration."""
        return registration.ticket.needs_member_verification and is_same_email(
            registration.email, self.address
        )

    def _needs_other_link(self, item: Registration | Sponsorship) -> bool:
        return (
            isinstance(item, Registration)
            and item.awaits_member_verification
            and not self.verifies_member(item)
        )


def make_verification_token(order: Order, address: str) -> str:
    """Return the encrypted token for a mailed link; it may be sent to this address only."""
    return encrypt_token(LINK_PURPOSE, [order.reference, normalize_email(address)])


def get_verification_deadline(registration: Registration) -> datetime.datetime:
    """Return when the link that was mailed last for a member's place expires."""
    return (registration.member_verification_sent_at or registration.created_at) + get_link_validity()


def get_link_validity() -> datetime.timedelta:
    """Return how long a mailed link can be opened; that of an unverified order has to outlive its hold."""
    return LINK_LIFETIME + datetime.timedelta(hours=settings.UNVERIFIED_HOLD_HOURS)


def load_verification(token: str) -> AddressVerification:
    """Return the verification of a token. Raise LinkExpired if it is old, NotFound if it is not valid."""
    try:
        reference, address = decrypt_token(LINK_PURPOSE, token, max_age=get_link_validity())
    except ExpiredToken as error:
        raise LinkExpired(_("This link has expired. Please register again.")) from error
    except UnreadableToken as error:
        raise NotFound(
            _("This link is not valid: it may be incomplete. Copy the whole link from the e-mail.")
        ) from error
    order = Order.objects.select_related("event__venue").filter(reference=reference).first()
    verification = AddressVerification(order, address) if order else None
    if verification is None or not verification.all_items:
        raise NotFound(_("This link is no longer valid: the order has changed since."))
    return verification


@transaction.atomic
def verify_address(*, order: Order, address: str) -> Order:
    """Confirm the items of an order that wait for this address; queue the confirmation; return the order.

    Released places are reserved again if any are left. Parts that cannot be confirmed are left out. Repeating
    it changes nothing. The order gets a new link, because its sender need not own the address.

    If nothing can be confirmed, raises the first reason: NotAMember, AlreadyRegistered, SoldOut, CompanyFull,
    NotOpenNow or LinkExpired.
    """
    order = _lock_order(order)
    if order.awaits_verification and is_same_email(order.email, address):
        order.verified_at = timezone.now()
        order.save(update_fields=["verified_at", *order.raise_link_version()])
        record_action("order.verify", order, event=order.event, fields=["verified_at"])
    # A savepoint for each part, so that one that fails does not undo the others.
    errors: list[ConventionError] = []
    for confirm in _list_confirmations(order, address):
        try:
            with transaction.atomic():
                confirm()
        except ConventionError as error:
            errors.append(error)
    if errors and not AddressVerification(order, address).has_confirmed_any:
        raise errors[0]
    # After `raise_link_version` the attribute is an expression, from which no link can be built.
    order.refresh_from_db(fields=["link_version"])
    return order


@transaction.atomic
def vouch_for_order(*, order: Order, reason: str = "") -> Order:
    """Confirm an unverified order on an organizer's word; return it. Does nothing for other orders.

    Released places are reserved again. Raise SoldOut, CompanyFull, or NotOpenNow once the event is over.
    """
    order = _lock_order(order)
    if order.awaits_verification:
        order.verified_at = timezone.now()
        order.save(update_fields=["verified_at"])
        record_action("order.vouch", order, event=order.event, fields=["verified_at"], reason=reason)
        confirm_pending_items(order=order, verb="order.confirm")
    return order


def vouch_for_order_reference(reference: str) -> None:
    """Vouch for the unverified order with this reference, if there is one, before it is invoiced."""
    if order := Order.objects.unverified().filter(reference__iexact=reference.strip()).first():
        vouch_for_order(order=order)


def awaits_buyer(order: Order, registration: Registration) -> bool:
    """Return whether a registration, held or released, waits for the link mailed to the order's buyer.

    The answer does not depend on whether an address is a member's, so that pages do not reveal members.
    """
    if not order.needs_verification or registration.confirmed_at or registration.cancelled_at:
        return False
    return order.awaits_verification or not registration.awaits_member_verification


def awaits_buyer_alone(order: Order, registration: Registration) -> bool:
    """Return whether a registration waits for the buyer's link only: no link was mailed to its member."""
    return not awaits_attendee(order, registration) and awaits_buyer(order, registration)


def awaits_attendee(order: Order, registration: Registration) -> bool:
    """Return whether a registration waits for the link mailed to its member, who is not the buyer."""
    return registration.awaits_member_verification and not is_same_email(registration.email, order.email)


def select_links_after_payment(order: Order, registrations: Iterable[Registration]) -> list[Registration]:
    """Return the members' places of the order whose links are mailed only after its payment by card.

    A place with a price gets its link at once: the member's pass may leave nothing to pay.
    """
    if not order.is_by_card:
        return []
    free_places = [
        row
        for row in registrations
        if not row.price and row.cancelled_at is None and row.awaits_member_verification
    ]
    return free_places if free_places and not is_paid(order) else []


def get_paid_price(registration: Registration) -> Money | None:
    """Return what the buyer paid by card for an unconfirmed member's place and its add-ons; None if nothing.

    Show it to the buyer only: what was paid is between the club and the buyer.
    """
    order = registration.order
    if not order.is_by_card or not registration.full_price or not is_settled(order):
        return None
    return Money(registration.full_price, order.currency)


def get_own_paid_price(registration: Registration) -> Money | None:
    """Return what `get_paid_price` returns if the attendee is the buyer, else None."""
    is_buyers = is_same_email(registration.order.email, registration.email)
    return get_paid_price(registration) if is_buyers else None


def is_unverifiable(registration: Registration) -> bool:
    """Return whether a member's ticket is for an address that no member has: no link can confirm it."""
    return registration.awaits_member_verification and find_member_by_email(registration.email) is None


def _lock_order(order: Order) -> Order:
    return Order.objects.locked_for_update().select_related("event").get(pk=order.pk)


def _list_confirmations(order: Order, address: str) -> Iterator[Callable[[], object]]:
    """Yield the actions of opening a link, each to be run in its own savepoint."""
    # Members first: the buyer's part confirms the places that no longer wait for a member.
    places = order.registrations.select_related("event", "ticket__event", "order").order_by("pk")
    for place in places:
        if place.ticket.needs_member_verification and is_same_email(place.email, address):
            yield partial(verify_membership, registration=place)
    if order.needs_verification and is_same_email(order.email, address):
        yield partial(_confirm_rest, order)


def _confirm_rest(order: Order) -> None:
    """Confirm what waits for the buyer only. Raise NotOpenNow if it expired and registration is closed."""
    pending_items = lock_pending_items(order).filter_items(lambda item: not item.awaits_member_verification)
    if any(not item.is_held() for item in pending_items.registrations):
        refuse_if_closed(order.event, at=timezone.now())
    confirm_pending_items(order=order, verb="order.confirm")
