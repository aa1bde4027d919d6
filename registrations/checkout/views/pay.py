"""Paying an order: the page before and after Stripe's, the demo's in its place, and a transfer's."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_http_methods

from convention.errors import ConventionError, NotFound
from convention.money import Money
from registrations.bill import packages_of
from registrations.doors import Grant, order_by_link
from registrations.models import Package, Registration, Sponsorship
from registrations.places import refresh_held, release_packages

from ..models import Attempt
from ..offered import plays_payments, takes_cards
from ..play_payment import play_payment, refuse_unless_played
from ..reconcile import ask_soon
from ..start_payment import NothingToPay, due_of, start_payment
from ..transfer import transfer_for

PAY_PAGES = "https://checkout.stripe.com"


def _policy() -> dict[str, list[str]]:
    """The site's policy, and that a form may lead to Stripe: browsers look at where it is redirected to."""
    elsewhere = [settings.STRIPE_API_BASE] if settings.STRIPE_API_BASE else [PAY_PAGES]
    return {**settings.SECURE_CSP, "form-action": [CSP.SELF, *elsewhere]}


def _whole(reference: str, secret: str) -> Grant:
    """What the order's own link opens; money is no matter of a colleague's link. Raises NotFound."""
    grant = order_by_link(reference, secret)
    if not grant.is_whole:
        raise NotFound(_("Only whoever ordered can see and pay what the order costs."))
    return grant


@never_cache
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """What is to be paid and what for; a POST leads to the page where it is paid."""
    answer = csp_override(_policy())(_start if request.method == "POST" else _show)
    response: HttpResponse = answer(request, _whole(reference, secret))
    return response


def _start(request: HttpRequest, grant: Grant) -> HttpResponse:
    arguments = [grant.order.reference, grant.secret]
    if not settings.CARD_PAYMENT:
        raise NotFound(_("Cards are not taken here; write to the organizer."))
    if plays_payments():
        return redirect("order-pay-test", *arguments)
    try:
        return HttpResponseRedirect(
            start_payment(order=grant.order, back=reverse("order-pay", args=arguments))
        )
    except NothingToPay:
        return redirect("order", *arguments)


def _show(request: HttpRequest, grant: Grant) -> HttpResponse:
    order = grant.order
    latest = Attempt.objects.filter(order=order).first()
    try:
        due = due_of(order)
    except NothingToPay:
        return redirect("order", order.reference, grant.secret)
    returned = "returned" in request.GET and latest is not None and latest.state == Attempt.State.OPEN
    if latest and takes_cards() and latest.state in {Attempt.State.OPEN, Attempt.State.UNDER_WAY}:
        ask_soon(attempt=latest)
    context = {
        "grant": grant,
        "order": order,
        "event": order.event,
        "due": Money(due, order.currency),
        "attempt": latest,
        "is_waiting": returned,
        "is_under_way": latest is not None and latest.state == Attempt.State.UNDER_WAY,
        "is_test": plays_payments(),
        "offers_cards": settings.CARD_PAYMENT,
        **_places(grant),
    }
    return render(request, "checkout/pay.html", context)


def _places(grant: Grant) -> dict[str, Any]:
    """Until when places or package are held; where they are not, whether there still are as many."""
    packages = list(packages_of(grant.order))
    standing: list[Sponsorship | Registration] = [*packages]
    standing += (r for r in (*grant.registrations, *grant.private) if r.cancelled_at is None)
    waiting = [one for one in standing if one.confirmed_at is None]
    held = [one.held_until for one in waiting if one.held_until is not None and one.is_held()]
    lapsed = [one for one in waiting if not one.is_held()]
    return {
        "packages": packages,
        "waiting": waiting,
        "held_until": min(held) if held and not lapsed else None,
        "is_gone": bool(lapsed) and not _are_left(lapsed),
    }


def _are_left(lapsed: list[Sponsorship | Registration]) -> bool:
    now = timezone.now()
    release_packages(at=now)
    packages = [one.package_id for one in lapsed if isinstance(one, Sponsorship)]
    if any(package.left == 0 for package in Package.objects.filter(pk__in=packages)):
        return False
    places = [one for one in lapsed if isinstance(one, Registration)]
    tickets = {registration.ticket_id: registration.ticket for registration in places}
    refresh_held(tickets.values(), at=now)
    wanted = {pk: sum(r.ticket_id == pk and not r.counts for r in places) for pk in tickets}
    return all(ticket.left is None or ticket.left >= wanted[pk] for pk, ticket in tickets.items())


@never_cache
@require_http_methods(["GET", "POST"])
def play(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """The demo's page in place of Stripe's: marked as such, and no money moves."""
    refuse_unless_played()
    grant = _whole(reference, secret)
    order, error = grant.order, ""
    try:
        due = Money(due_of(order), order.currency)
        if "pay" in request.POST:
            play_payment(order=order)
            return redirect("order", reference, secret)
    except NothingToPay:
        return redirect("order", reference, secret)
    except ConventionError as refusal:
        error = str(refusal)
    if "decline" in request.POST:
        error = _("The card was declined (test). Nothing was paid; try again.")
    context = {"grant": grant, "order": order, "event": order.event, "due": due, "error": error}
    return render(request, "checkout/test_payment.html", context)


@never_cache
@require_GET
def transfer(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """How to pay by bank transfer: account, amount, reference, and a code for the bank's app."""
    grant = _whole(reference, secret)
    found = transfer_for(grant.order)
    if found is None:
        return redirect("order", reference, secret)
    context = {"grant": grant, "order": grant.order, "event": grant.order.event, "transfer": found}
    return render(request, "checkout/transfer.html", context)
