"""Pages on which a buyer pays an order: by card, by simulated card in the demo, by bank transfer."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET

from convention.club.models import Person
from convention.errors import ConventionError, NotFound
from convention.money import Money
from convention.text.normalize import parse_digits
from convention.web.routing import require_safe_or_post
from registrations.billing.receivables import list_active_sponsorships
from registrations.billing.unbilled import has_held_places, sum_held_places
from registrations.booking.holds import find_hold_end
from registrations.inventory.stock import refresh_availability, release_expired_packages
from registrations.invoices.models import Payment
from registrations.models import Order, Package, Registration, Sponsorship
from registrations.order_context import OrderContext
from registrations.orders.payment_terms import describe_invoice_schedule
from registrations.orders.transfer_details import get_transfer_details
from registrations.payments.cards.checkout import (
    NothingToPay,
    accepts_cards,
    can_pay_by_card,
    compute_card_due,
    start_payment,
    uses_demo_payments,
)
from registrations.payments.cards.demo_payments import record_demo_payment, require_demo_payments
from registrations.payments.cards.reconcile import poll_attempt_soon
from registrations.payments.cards.switch_to_transfer import can_switch_to_transfer, switch_to_transfer
from registrations.payments.cards.unpaid_addons import find_unpaid_addons, remove_unpaid_addon
from registrations.payments.models import CardPaymentAttempt
from registrations.permissions import LinkAccess, get_order_by_link
from registrations.rate_limits import throttle_correction

STRIPE_CHECKOUT_URL = "https://checkout.stripe.com"


def _build_csp() -> dict[str, list[str]]:
    """Return the site's policy extended by Stripe.

    Browsers check `form-action` against the target of a redirect too.
    """
    # Tests redirect to a simulated Stripe.
    payment_origins = [settings.STRIPE_API_BASE] if settings.STRIPE_API_BASE else [STRIPE_CHECKOUT_URL]
    return {**settings.SECURE_CSP, "form-action": [CSP.SELF, *payment_origins]}


def _require_full_access(reference: str, secret: str) -> LinkAccess:
    """Return the access of the order's own link. Raise NotFound for an attendee's link."""
    access = get_order_by_link(reference, secret)
    if not access.is_full:
        raise NotFound(_("Only the buyer can see and pay for this order."))
    return access


@never_cache
@require_safe_or_post
def order_payment(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Show the amount due; a POST goes to the payment page, removes an add-on, or switches to a transfer."""
    link_access = _require_full_access(reference, secret)
    if "remove" in request.POST:
        return _remove_addon(request, link_access)
    if "transfer" in request.POST:
        return _switch_to_transfer(request, link_access)
    view = csp_override(_build_csp())(_start_payment if request.method == "POST" else _show_payment)
    response: HttpResponse = view(request, link_access)
    return response


def _remove_addon(request: HttpRequest, link_access: LinkAccess) -> HttpResponse:
    """Remove an add-on that the buyer does not want to pay."""
    order = link_access.order
    throttle_correction(order)
    try:
        remove_unpaid_addon(order=order, addon_id=parse_digits(request.POST["remove"]) or 0)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The add-on has been removed, and nothing is due for it."))
    return redirect("order", order.reference, link_access.secret)


def _switch_to_transfer(request: HttpRequest, link_access: LinkAccess) -> HttpResponse:
    """Let the buyer pay by transfer; show its details, or the order if the buyer has to confirm it."""
    order = link_access.order
    throttle_correction(order)
    context = OrderContext(
        source=Order.Source(order.source),
        person=request.user if isinstance(request.user, Person) else None,
        network=order.network,
    )
    try:
        order = switch_to_transfer(order=order, context=context)
    except ConventionError as error:
        messages.error(request, str(error))
        return redirect("order", order.reference, link_access.secret)
    awaits_member = not order.awaits_verification and has_held_places(order)
    if awaits_member:
        sentence = _(
            "You have switched to bank transfer. Members confirm their place through the link that we are "
            "e-mailing them."
        )
        messages.success(request, sentence)
    elif not order.awaits_verification:
        messages.success(request, _("You have switched to bank transfer. We are e-mailing you the details."))
    # The page of the order names the places that await their member.
    name = "order-transfer" if get_transfer_details(order) and not awaits_member else "order"
    return redirect(name, order.reference, link_access.secret)


def _start_payment(request: HttpRequest, link_access: LinkAccess) -> HttpResponse:
    arguments = [link_access.order.reference, link_access.secret]
    if not settings.CARD_PAYMENT:
        raise NotFound(_("Card payment is not available here. Contact the organizer."))
    # Without a Stripe key, outside production.
    if uses_demo_payments():
        return redirect("order-pay-test", *arguments)
    try:
        return HttpResponseRedirect(
            start_payment(order=link_access.order, return_path=reverse("order-pay", args=arguments))
        )
    except NothingToPay:
        return redirect("order", *arguments)


def _show_payment(request: HttpRequest, link_access: LinkAccess) -> HttpResponse:
    order = link_access.order
    latest = CardPaymentAttempt.objects.filter(order=order).first()
    try:
        due = compute_card_due(order)
    except NothingToPay:
        if "returned" in request.GET and latest and latest.payment:
            _report_payment(request, latest.payment)
        return redirect("order", order.reference, link_access.secret)
    has_returned = (
        "returned" in request.GET and latest is not None and latest.state == CardPaymentAttempt.State.OPEN
    )
    if (
        latest
        and accepts_cards()
        and latest.state in {CardPaymentAttempt.State.OPEN, CardPaymentAttempt.State.UNDER_WAY}
    ):
        # The webhook may be late: ask Stripe while the buyer looks at the page.
        poll_attempt_soon(attempt=latest)
    context = {
        "link_access": link_access,
        "order": order,
        "event": order.event,
        "due": Money(due, order.currency),
        "unpaid_addons": find_unpaid_addons(link_access.registrations, due),
        # Above zero if something was paid before, such as the order without a later add-on.
        "settled": Money(max(0, order.amount_due.amount - due), order.currency),
        "attempt": latest,
        "is_waiting": has_returned,
        "is_under_way": latest is not None and latest.state == CardPaymentAttempt.State.UNDER_WAY,
        "is_test": uses_demo_payments(),
        "offers_cards": settings.CARD_PAYMENT,
        "can_pay_by_transfer": can_switch_to_transfer(order),
        "invoice_schedule": describe_invoice_schedule(order.event),
        **_build_hold_context(link_access),
    }
    return render(request, "payments/pay.html", context)


def _report_payment(request: HttpRequest, payment: Payment) -> None:
    amount = Money(payment.amount, payment.currency)
    messages.success(request, _("Payment received: %(amount)s. Thank you!") % {"amount": amount})


def _build_hold_context(link_access: LinkAccess) -> dict[str, Any]:
    """Return until when the places are held, or whether expired ones are still available."""
    sponsorships = list(list_active_sponsorships(link_access.order))
    active_items: list[Sponsorship | Registration] = [*sponsorships]
    active_items += (
        r for r in (*link_access.registrations, *link_access.private_registrations) if r.cancelled_at is None
    )
    # The places of an order on invoice do not depend on its payment.
    is_provisional = link_access.order.is_confirmed_later
    unconfirmed_items = [item for item in active_items if is_provisional and item.confirmed_at is None]
    expired = [item for item in unconfirmed_items if not item.is_held()]
    return {
        "sponsorships": sponsorships,
        "unconfirmed_items": unconfirmed_items,
        "hold_expires_at": find_hold_end(unconfirmed_items),
        "is_sold_out": bool(expired) and not _are_available(expired),
    }


def _are_available(expired: list[Sponsorship | Registration]) -> bool:
    now = timezone.now()
    # Expired holds still count as taken until they are released.
    release_expired_packages(at=now)
    # A package brings its own places; without it they are not available either.
    package_ids = [item.package_id for item in expired if isinstance(item, Sponsorship)]
    if any(package.remaining == 0 for package in Package.objects.filter(pk__in=package_ids)):
        return False
    places = [item for item in expired if isinstance(item, Registration)]
    tickets = {registration.ticket_id: registration.ticket for registration in places}
    refresh_availability(tickets.values(), at=now)
    needed = {pk: sum(r.ticket_id == pk and not r.occupies_place for r in places) for pk in tickets}
    return all(ticket.remaining is None or ticket.remaining >= needed[pk] for pk, ticket in tickets.items())


@never_cache
@require_safe_or_post
def demo_payment(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Simulate Stripe's page in the demo: no money moves."""
    require_demo_payments()
    link_access = _require_full_access(reference, secret)
    order, error = link_access.order, ""
    try:
        due = Money(compute_card_due(order), order.currency)
        if "pay" in request.POST:
            attempt = record_demo_payment(order=order)
            if attempt.payment:
                _report_payment(request, attempt.payment)
            return redirect("order", reference, secret)
    except NothingToPay:
        return redirect("order", reference, secret)
    except ConventionError as refusal:
        error = str(refusal)
    if "decline" in request.POST:
        error = _("The card was declined (test). You have not been charged; try again.")
    context = {"link_access": link_access, "order": order, "event": order.event, "due": due, "error": error}
    return render(request, "payments/demo_payment.html", context)


@never_cache
@require_GET
def bank_transfer(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Show account, amount, reference and QR code of a bank transfer; the buyer may pay by card instead."""
    link_access = _require_full_access(reference, secret)
    order = link_access.order
    transfer = get_transfer_details(order)
    if transfer is None:
        return redirect("order", reference, secret)
    latest = CardPaymentAttempt.objects.filter(order=order).first()
    # Nobody should send a transfer while the bank processes a direct debit.
    if latest and latest.state == CardPaymentAttempt.State.UNDER_WAY:
        return redirect("order-pay", reference, secret)
    context = {
        "link_access": link_access,
        "order": order,
        "event": order.event,
        "transfer": transfer,
        "can_pay_by_card": settings.CARD_PAYMENT and can_pay_by_card(order),
        # A member who does not confirm in time loses the place, and nothing is due for it.
        "held_amount": sum_held_places(order),
        "can_pay_by_card_later": settings.CARD_PAYMENT and has_held_places(order),
    }
    return render(request, "payments/transfer.html", context)
