"""Cancel a registration: its place is free, its badge opens no door, its price is released by the rules."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record
from convention.counters import Counted
from convention.errors import Closed, ConventionError, InvalidFields
from convention.events.sequence import next_sequence
from convention.money import Money

from .bill import asked_for, rebill
from .confirm_paid import confirm_settled
from .models import Order, Registration, RegistrationAddon
from .places import NOTHING, give_back
from .refund_rules import terms_of
from .release import release
from .seats import give_up_everything
from .terms import Terms, Why

type TermsFor = Callable[[Registration], Terms]


class AlreadyCancelled(ConventionError):
    """Somebody was faster."""

    kind = "already-cancelled"
    status = 409


@transaction.atomic
def cancel(*, registration: Registration, reason: str = "") -> Registration:
    """Cancel one registration on the event's terms; what was paid goes back as far as they say.

    What is left of an order by card is confirmed where it is paid, or costs nothing, now.
    Raises AlreadyCancelled, or Closed once the event is over.
    """
    return _cancel(registration, partial(terms_of, at=timezone.now()), reason)


@transaction.atomic
def cancel_keeping(*, registration: Registration, kept: int, reason: str) -> Registration:
    """The same by an organizer who keeps these cents of its price, whatever the terms say.

    Raises InvalidFields for more than is asked for it or without a reason, else what `cancel` raises.
    """
    return _cancel(registration, lambda one: terms_keeping(one, kept, reason), reason)


def terms_keeping(registration: Registration, kept: int, reason: str) -> Terms:
    """An organizer's own terms; nothing is kept where the buyer never confirmed. Raises InvalidFields."""
    worth = asked_for(registration)
    most = 0 if registration.order.awaits_verification else worth
    if not 0 <= kept <= most:
        amount = Money(most, registration.order.currency)
        raise InvalidFields("", {"kept": [_("At most %(most)s can be kept.") % {"most": amount}]})
    if not reason:
        raise InvalidFields("", {"reason": [_("Say why another amount is kept.")]})
    return Terms(worth, worth - kept, Why.ORGANIZER)


def _cancel(registration: Registration, terms_for: TermsFor, reason: str) -> Registration:
    registration = _locked(registration)
    cancel_together([registration], order=registration.order, reason=reason, terms_for=terms_for)
    registration.refresh_from_db()
    return registration


def cancel_together(
    registrations: Sequence[Registration],
    *,
    order: Order,
    reason: str,
    terms_for: TermsFor,
    besides: Mapping[Counted, int] = NOTHING,
) -> None:
    """Cancel standing registrations of an order, in the caller's transaction that holds their rows.

    What else is freed `besides`, such as a package, is freed with their places, in the order of all locks:
    from the order to its registrations, its money, its seats and its places, as a payment's go.
    """
    counted = [registration for registration in registrations if registration.counts]
    hooks.send_confirmation.enqueue(order.pk)
    ended = [(registration, terms_for(registration)) for registration in registrations]
    for registration, terms in ended:
        _end(registration, terms, reason)
    for registration, terms in ended:  # once all have ended, so that one document credits them together
        if registration.worth:
            release(registration=registration, terms=terms, reason=reason)
    for registration in registrations:
        give_up_everything(registration)
    if counted or besides:
        give_back(counted, besides)
    taken = RegistrationAddon.objects.filter(registration__in=registrations, cancelled_at__isnull=True)
    taken.update(cancelled_at=timezone.now())
    rebill(order)
    confirm_settled(order=order)
    sequence = next_sequence(order.event_id)
    Registration.objects.filter(pk__in=[r.pk for r in registrations]).update(sequence=sequence)


def _end(registration: Registration, terms: Terms, reason: str) -> None:
    """Write one registration's end, with what is kept of its price."""
    registration.cancelled_at, registration.kept = timezone.now(), terms.kept
    registration.generation = F("generation") + 1
    registration.save(update_fields=["cancelled_at", "generation", "kept"])
    fields = ["kept"] if terms.why == Why.ORGANIZER else []
    record("registration.cancel", registration, event=registration.event, fields=fields, reason=reason)


def _locked(registration: Registration) -> Registration:
    """The registration under its order's lock, if it can be cancelled."""
    Order.objects.alone().get(pk=registration.order_id)
    rows = Registration.objects.select_related("order__event", "event", "ticket").select_for_update(
        of=("self",)
    )
    found = rows.get(pk=registration.pk)
    if found.cancelled_at:
        raise AlreadyCancelled(_("This registration was already cancelled."))
    if found.event.ends_at <= timezone.now():
        raise Closed(_("The event is over; there is nothing left to cancel."))
    return found
