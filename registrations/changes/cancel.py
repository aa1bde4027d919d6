"""Cancel registrations: free the place, void the badge, and refund by the event's rules."""

import datetime
import enum
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import find_last_entry, record_action
from convention.club.addresses.own_addresses import has_address
from convention.club.models import Person
from convention.db.limited_stock import LimitedStock
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.events.sequence import advance_sequence
from convention.money import Money
from registrations.billing.cancellation import settle_cancellation
from registrations.billing.receivables import (
    calculate_dues_together,
    find_stored_receivable,
    sync_existing_receivable,
)
from registrations.billing.refund_rules import decide_terms_for_due
from registrations.billing.refund_terms import RefundReason, RefundTerms
from registrations.booking.confirm import confirm_settled_order
from registrations.inventory.stock import NO_ITEMS, release_registrations
from registrations.models import Order, Registration, RegistrationAddon
from registrations.permissions import acts_for_buyer
from registrations.sessions.booking import release_all_session_places

CANCEL_VERB: Final = "registration.cancel"
# Returns the refund terms of a registration, given the amount due for it in cents.
type RefundTermsGetter = Callable[[Registration, int], RefundTerms]


class CancelledBy(enum.StrEnum):
    """The person who cancelled, for the e-mail to the attendee; a contact is one who is not the buyer."""

    ATTENDEE = "attendee"
    BUYER = "buyer"
    CONTACT = "contact"
    ORGANIZER = "organizer"


class AlreadyCancelled(ConventionError):
    """The registration was cancelled before this request got its lock."""

    kind = "already-cancelled"
    status = 409


class RefundChanged(ConventionError):
    """The cancellation fee is not the one in the preview any more."""

    kind = "refund-changed"
    status = 409


def cancel_registration(
    *,
    registration: Registration,
    reason: str = "",
    expected_fee_cents: int | None = None,
    cancelled_by: CancelledBy | None = None,
) -> Registration:
    """Cancel like `cancel_by_rules`, for the attendee, the buyer or the company; None if it is not known.

    Raise NotOpenNow for a cancelled event too.
    """
    check_own_cancellation(registration)
    return cancel_by_rules(
        registration=registration,
        reason=reason,
        expected_fee_cents=expected_fee_cents,
        cancelled_by=cancelled_by,
    )


@transaction.atomic
def cancel_by_rules(
    *,
    registration: Registration,
    reason: str = "",
    expected_fee_cents: int | None = None,
    cancelled_by: CancelledBy | None = CancelledBy.ORGANIZER,
) -> Registration:
    """Cancel one registration by the event's refund rules, and refund what they allow.

    The rest of an order by card is confirmed if it is paid, or free, after that. Raise AlreadyCancelled,
    NotOpenNow once the event is over, or RefundChanged unless the fee is `expected_fee_cents`, if given.
    """
    # The moment of the request decides about the refund, not the moment when the locks were granted.
    get_terms = _require_fee(partial(decide_terms_for_due, at=timezone.now()), expected_fee_cents)
    return lock_and_cancel(registration, get_terms, reason, cancelled_by=cancelled_by)


@transaction.atomic
def cancel_places(
    *,
    order: Order,
    registrations: Collection[Registration],
    expected_fee_cents: int,
    cancelled_by: CancelledBy,
) -> None:
    """Cancel several registrations of the order together, for the buyer or the company, by the refund rules.

    One credit note covers them all, and one e-mail to the buyer. Raise AlreadyCancelled or NotOpenNow for one
    of them, and RefundChanged unless their fees sum up to `expected_fee_cents`; then none is cancelled.
    """
    order = Order.objects.locked_for_update().select_related("event").get(pk=order.pk)
    rows = Registration.objects.select_related("order__event", "event", "ticket").order_by("pk")
    chosen = rows.filter(order=order, pk__in=[registration.pk for registration in registrations])
    locked = list(chosen.select_for_update(of=("self",)))
    for registration in locked:
        check_own_cancellation(registration)
    get_terms = partial(decide_terms_for_due, at=timezone.now())
    cancel_registrations(locked, order=order, reason="", get_terms=get_terms, cancelled_by=cancelled_by)
    if sum(registration.cancellation_fee for registration in locked) != expected_fee_cents:
        raise RefundChanged(_("The refund has changed in the meantime. Check it again."))


def is_left_to_contact(registration: Registration) -> bool:
    """Return whether a company pays for the place, so that its contact cancels it, not the attendee.

    The contact may want to give it to a colleague, and gets the refund. What costs nothing the attendee
    cancels.
    """
    order = registration.order
    is_paid_for = registration.full_price > 0 or registration.membership_pass_id is not None
    return order.source == Order.Source.COMPANY_CONTACT and is_paid_for and bool(order.email)


def check_attendee_cancellation(registration: Registration) -> None:
    """Raise NotOpenNow for a place that is left to a company's contact."""
    if is_left_to_contact(registration):
        raise NotOpenNow(_("Your company ordered this place, so only its contact can cancel it."))


@transaction.atomic
def cancel_as_attendee(*, registration: Registration) -> Registration:
    """Cancel like `cancel_registration` through the attendee's own link, which the buyer's mail mentions.

    Raise NotOpenNow for a place that is left to a company's contact.
    """
    check_attendee_cancellation(registration)
    cancelled = cancel_registration(registration=registration, cancelled_by=CancelledBy.ATTENDEE)
    cancelled.is_cancelled_by_attendee = True
    cancelled.save(update_fields=["is_cancelled_by_attendee"])
    return cancelled


def cancel_own_registration(*, registration: Registration, person: Person) -> Registration:
    """Cancel the person's own registration: as the order's buyer or contact if they are, else as attendee."""
    if not acts_for_buyer(registration.order, person):
        return cancel_as_attendee(registration=registration)
    is_buyer = has_address(person, registration.order.email)
    cancelled_by = CancelledBy.BUYER if is_buyer else CancelledBy.CONTACT
    return cancel_registration(registration=registration, cancelled_by=cancelled_by)


@transaction.atomic
def cancel_with_fee(
    *, registration: Registration, fee_cents: int, reason: str, expected_fee_cents: int | None = None
) -> Registration:
    """Cancel as an organizer, with a fee of `fee_cents` instead of what the refund rules say.

    Raise InvalidFields for a fee above the amount due or a missing reason, else what `cancel_registration`
    raises.
    """
    get_terms = partial(make_fee_terms, fee_cents=fee_cents, reason=reason)
    return lock_and_cancel(registration, _require_fee(get_terms, expected_fee_cents), reason)


def _require_fee(get_terms: RefundTermsGetter, expected_fee_cents: int | None) -> RefundTermsGetter:
    """Return a getter of the same terms that raises RefundChanged if another fee is expected."""

    def get_expected_terms(registration: Registration, due_cents: int) -> RefundTerms:
        terms = get_terms(registration, due_cents)
        if expected_fee_cents not in (None, terms.cancellation_fee):
            raise RefundChanged(_("The refund has changed in the meantime. Check it again."))
        return terms

    return get_expected_terms


def make_fee_terms(registration: Registration, due_cents: int, *, fee_cents: int, reason: str) -> RefundTerms:
    """Return terms that charge `fee_cents` of the `due_cents` for the registration. Raise InvalidFields.

    No fee can be charged for an order that its buyer never confirmed.
    """
    max_cents = 0 if registration.order.awaits_verification else due_cents
    if not 0 <= fee_cents <= max_cents:
        amount = Money(max_cents, registration.order.currency)
        raise InvalidFields(
            "", {"cancellation_fee": [_("The cancellation fee cannot exceed %(most)s.") % {"most": amount}]}
        )
    if not reason:
        raise InvalidFields("", {"reason": [_("Enter the reason for a different cancellation fee.")]})
    return RefundTerms(due_cents, due_cents - fee_cents, RefundReason.ORGANIZER)


def lock_and_cancel(
    registration: Registration,
    get_terms: RefundTermsGetter,
    reason: str,
    *,
    cancelled_by: CancelledBy | None = CancelledBy.ORGANIZER,
) -> Registration:
    """Cancel one registration on these terms, inside the caller's transaction."""
    registration = _lock_cancellable(registration)
    cancel_registrations(
        [registration],
        order=registration.order,
        reason=reason,
        get_terms=get_terms,
        cancelled_by=cancelled_by,
    )
    # The badge version is an expression until it is read.
    registration.refresh_from_db()
    return registration


def cancel_registrations(
    registrations: Sequence[Registration],
    *,
    order: Order,
    reason: str,
    get_terms: RefundTermsGetter,
    extra_items: Mapping[LimitedStock, int] = NO_ITEMS,
    cancelled_by: CancelledBy | None = CancelledBy.ORGANIZER,
) -> None:
    """Cancel active registrations of one order, inside the caller's transaction that holds their rows.

    `extra_items`, such as a sponsor's package, are released together with the places. Locks are taken in the
    order that every payment uses too: order, registrations, money, sessions, stock.
    """
    # Listed first: once they are cancelled, none occupies a place.
    occupying_registrations = [registration for registration in registrations if registration.occupies_place]
    # One moment for all: add-ons are billed with a registration that was cancelled at the same time.
    now = timezone.now()
    hooks.send_order_mails.enqueue(order.pk)
    receivable = find_stored_receivable(order)
    # Calculated together: each cent of a discount on the order lowers the amount due of one place only.
    dues = calculate_dues_together(registrations, receivable.charges.all() if receivable else None)
    terms_by_registration = [
        (registration, get_terms(registration, dues[registration.pk])) for registration in registrations
    ]
    priced_ids = {registration.pk for registration in registrations if registration.full_price}
    for registration, terms in terms_by_registration:
        _save_cancellation(registration, terms, at=now)
        _record_cancellation(registration, terms, reason, cancelled_by)
    # After all are cancelled, so that one credit note covers them.
    for registration, terms in terms_by_registration:
        if registration.pk in priced_ids:
            settle_cancellation(registration=registration, refund_terms=terms, reason=reason)
    for registration in registrations:
        # Sessions before stock: this is the lock order of bookings.
        release_all_session_places(registration)
    if occupying_registrations or extra_items:
        release_registrations(occupying_registrations, extra_items)
    addons = RegistrationAddon.objects.filter(registration__in=registrations, cancelled_at__isnull=True)
    addons.update(cancelled_at=now)
    sync_existing_receivable(order)
    for follow_cancellation in hooks.cancellation_listeners.providers():
        follow_cancellation(registrations)
    # Without the cancelled part, what was paid may cover the rest.
    confirm_settled_order(order=order)
    sequence = advance_sequence(order.event_id)
    Registration.objects.filter(pk__in=[r.pk for r in registrations]).update(sequence=sequence)


def _save_cancellation(
    registration: Registration, refund_terms: RefundTerms, *, at: datetime.datetime
) -> None:
    """Save the cancellation with its fee, and void the badge."""
    registration.cancelled_at, registration.cancellation_fee = at, refund_terms.cancellation_fee
    # Raising the version is what voids the badge: scanners compare it.
    registration.badge_version = F("badge_version") + 1
    registration.save(update_fields=["cancelled_at", "badge_version", "cancellation_fee"])


def _record_cancellation(
    registration: Registration, refund_terms: RefundTerms, reason: str, cancelled_by: CancelledBy | None
) -> None:
    details: dict[str, Any] = {"cancelled_by": cancelled_by.value} if cancelled_by else {}
    has_own_fee = refund_terms.reason == RefundReason.ORGANIZER
    if has_own_fee:
        # A reinstatement clears the column, and the history still tells the fee.
        details["fee_cents"] = registration.cancellation_fee
    record_action(
        CANCEL_VERB,
        registration,
        event=registration.event,
        fields=["cancellation_fee"] if has_own_fee else [],
        details=details,
        reason=reason,
    )


def find_canceller(registration: Registration) -> CancelledBy | None:
    """Return the person who cancelled the registration, None if the audit trail does not say."""
    entry = find_last_entry(CANCEL_VERB, registration, event=registration.event.slug)
    value = entry.details.get("cancelled_by") if entry else None
    return CancelledBy(value) if value else None


def _lock_cancellable(registration: Registration) -> Registration:
    """Return the registration, locked after its order. Raise AlreadyCancelled or NotOpenNow."""
    Order.objects.locked_for_update().get(pk=registration.order_id)
    rows = Registration.objects.select_related("order__event", "event", "ticket").select_for_update(
        of=("self",)
    )
    locked = rows.get(pk=registration.pk)
    check_cancellable(locked)
    return locked


def check_cancellable(registration: Registration) -> None:
    """Raise AlreadyCancelled, or NotOpenNow once the event is over."""
    if registration.cancelled_at:
        raise AlreadyCancelled(_("This registration has already been cancelled."))
    if registration.event.is_over():
        raise NotOpenNow(_("The event is over, so the registration can no longer be cancelled."))


def check_own_cancellation(registration: Registration) -> None:
    """Raise what `check_cancellable` raises, and NotOpenNow if the organizers cancel the whole event."""
    check_cancellable(registration)
    if registration.event.cancelled_at and registration.is_active:
        # The organizers cancel it on their terms, which may be better than the refund rules. Nobody else
        # cancels a place whose hold has expired, and what was paid for it is refunded in full.
        raise NotOpenNow(
            _("The event is cancelled, so this registration will be too: we will inform you by e-mail.")
        )
