"""Decide whether a cancelled registration can be reinstated, in sentences for the organizer."""

from collections.abc import Callable
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from convention.events.cancellations import describe_cancellation
from registrations.application_rules import describe_missing_application
from registrations.billing.receivables import list_active_sponsorships
from registrations.booking.order_limits import find_first_registration, find_same_person
from registrations.inventory.stock import (
    find_full_company,
    list_stock_items,
    make_sold_out_error,
)
from registrations.invoices.models import Invoice, InvoiceLine, Refund
from registrations.invoices.models.receivables import COUNTER_ENTRY
from registrations.models import Registration
from registrations.pricing.passes import count_passes_left
from registrations.questions.queries import count_chosen_options

type Check = Callable[[Registration], str]


def find_objection(registration: Registration) -> str:
    """Return why the registration cannot be reinstated; "" if it can."""
    return next(filter(None, (check(registration) for check in CHECKS)), "")


def _check_state(registration: Registration) -> str:
    if not registration.cancelled_at:
        return _("This registration is not cancelled.")
    if registration.merged_into_id:
        return _("This registration was merged into another one, which is still valid.")
    if not registration.confirmed_at:
        return _("This registration was never confirmed. Add a new one instead.")
    # An erasure raises the badge's version as another holder does; a place without a name yet had none.
    if not registration.has_name and registration.holder_count > 1:
        return _("The attendee’s data has been erased. Add a new registration instead.")
    return ""


def _check_event(registration: Registration) -> str:
    if registration.event.is_over():
        return _("The event is over, so the registration can no longer be reinstated.")
    return describe_cancellation(registration.event)


def _check_money(registration: Registration) -> str:
    reference, owner = registration.order.reference, registration.reference
    is_own = Q(charge__key=owner) | Q(charge__key__startswith=f"{owner}/")
    credited = InvoiceLine.objects.filter(
        is_own,
        invoice__receivable__reference=reference,
        invoice__kind=Invoice.Kind.CREDIT_NOTE,
        invoice__created_at__gte=registration.cancelled_at,
    )
    if credited.exists():
        return _(
            "A credit note was issued when it was cancelled. Add a new registration instead: it will be "
            "invoiced again."
        )
    # Failed ones, too: another cancellation would find the same refund again and make no new one. A refund
    # that the treasurer entered since names no registration.
    is_for_it = Q(occasion=Refund.Occasion.CANCELLATION, charge_key=owner)
    is_for_it |= Q(charge_key="", created_at__gte=registration.cancelled_at)
    refunds = Refund.objects.filter(is_for_it, receivable__reference=reference)
    # A payment that was entered by mistake and undone returned no money.
    if refunds.exclude(COUNTER_ENTRY).exists():
        return _("The price was refunded after the cancellation. Add a new registration instead.")
    return ""


def _check_package(registration: Registration) -> str:
    order = registration.order
    if order.sponsorships.exists() and not list_active_sponsorships(order).exists():
        return _("The sponsor package that included this place was cancelled.")
    return ""


def _check_application(registration: Registration) -> str:
    if describe_missing_application(registration.ticket):
        return _("Places on this visit are allocated on application: the member has to apply again.")
    return ""


def _check_duplicates(registration: Registration) -> str:
    """Object if the attendee has registered again meanwhile."""
    person = registration.person
    other = find_first_registration(registration, person) if person else None
    if other is None and registration.has_name:
        same_person = find_same_person(
            registration.event, sort_name=registration.sort_name, email=registration.email
        )
        other = next(iter(same_person), None)
    if other is None:
        return ""
    return _("%(name)s has another valid registration for this event: %(reference)s.") % {
        "name": registration.name,
        "reference": other.reference,
    }


def _check_stock(registration: Registration) -> str:
    """Object if the ticket, the company's share, the code or a chosen answer has no place left."""
    if registration.member_of:
        share = {(registration.ticket, registration.member_of): 1}
        if error := find_full_company(share):
            return str(error)
    items = list_stock_items(registration, ()) + count_chosen_options([registration])
    return next((str(make_sold_out_error(item)) for item in items if item.remaining == 0), "")


def _check_pass(registration: Registration) -> str:
    row = registration.membership_pass
    if row and not count_passes_left(row.membership, registration.event):
        return _("A membership pass paid for this place, and the company has none left for this event.")
    return ""


CHECKS: Final[tuple[Check, ...]] = (
    _check_state,
    _check_event,
    _check_money,
    _check_package,
    _check_application,
    _check_duplicates,
    _check_stock,
    _check_pass,
)
