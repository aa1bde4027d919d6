"""Waiting for a ticket: joining the list, and the page behind the mailed link."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from convention.errors import Closed, ConventionError, InvalidFields
from convention.events.doors import visible_event
from convention.money import Money
from convention.network import network_of
from convention.text import whole_number

from ..accept_offer import accept_ticket, foresee_offer
from ..doors import entry_by_link
from ..draft import PERSON
from ..draft_store import load_draft
from ..forms.register import paying_forms
from ..forms.waiting import WaitForm
from ..join_waiting import PlacesLeft, join_for_ticket
from ..leave_waiting import decline, leave_waiting
from ..limits import refuse_many_waits
from ..line import position_of
from ..models import Ticket, WaitingEntry
from ..on_application import page_to_apply
from ..order_request import Billing
from ..price_words import row_of
from ..pricing import Quote
from ..refund_words import say_refunds
from ..tell_waiting import line_of


@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, event: str, ticket: str) -> HttpResponse:
    """Wait for a ticket that is full. The answer is the same for every address."""
    found = visible_event(event, request.user)
    if page := page_to_apply(found):
        return redirect(page)
    wanted = get_object_or_404(Ticket, event=found, slug=ticket, is_public=True)
    form = WaitForm(request.POST) if request.method == "POST" else WaitForm(initial=_guess(request, event))
    if request.method == "POST" and form.is_valid():
        refuse_many_waits(form.cleaned_data["email"], network_of(request.META))
        try:
            join_for_ticket(ticket=wanted, wish=form.wish())
        except InvalidFields as error:
            form.add_errors(error.fields)
        except PlacesLeft as error:
            messages.info(request, str(error))
            return redirect("register", event)
        except Closed as error:
            form.add_error(None, str(error))
        else:
            context = {"event": found, "ticket": wanted, "email": form.cleaned_data["email"]}
            return render(request, "registrations/waiting_joined.html", context)
    return render(
        request, "registrations/waiting_join.html", {"event": found, "ticket": wanted, "form": form}
    )


def _guess(request: HttpRequest, event: str) -> dict[str, Any]:
    """Whoever was about to register need not type it again."""
    draft = load_draft(request.session, event)
    person = {name: draft.people[0].get(name, "") for name in PERSON}
    return {**person, "language": draft.language or translation.get_language()}


@never_cache
@require_http_methods(["GET", "POST"])
def entry(request: HttpRequest, secret: str) -> HttpResponse:
    """One's position, or the offer, to accept or decline."""
    found = entry_by_link(secret)
    if (order := found.order) and found.accepted_at:
        return redirect(order.lost_link_path if order.link_version else order.manage_path)
    if request.method == "POST" and "decline" in request.POST:
        decline(entry=found)
        messages.success(request, _("Thank you: the place goes to the next in line."))
        return redirect("waiting", secret)
    data = request.POST if request.method == "POST" and "accept" in request.POST else None
    quote = foresee_offer(found)
    forms = _paying(found, data, quote.total) if found.has_offer() else {}
    valid = [form.is_valid() for form in forms.values()]  # each shows its own errors
    if data is not None and all(valid):
        try:
            return redirect(accept_ticket(entry=found, **_said(request, forms)).next_path)
        except ConventionError as error:
            messages.error(request, str(error))
            return redirect("waiting", secret)
    context = {"entry": found, "event": found.event, "ticket": found.ticket, **forms, **_shown(found, quote)}
    return render(request, "registrations/waiting.html", context)


def _paying(found: WaitingEntry, data: Any, due: int) -> dict[str, Form]:
    """How what is due is paid, and whom the invoice goes to."""
    return paying_forms(data, due=due, billing={"billing_name": found.company or found.name})


def _shown(found: WaitingEntry, quote: Quote) -> dict[str, Any]:
    """What the page says of the price, which travels with the form, and of the line."""
    assert found.ticket is not None
    currency = found.ticket.currency
    return {
        "row": row_of(quote.lines[0], currency=currency, zone=found.event.zone),
        "refunds": say_refunds(found.event, [found.ticket] if quote.total else []),
        "cost": Money(quote.total, currency),
        "position": position_of(found, line_of(found)),
        "states": WaitingEntry.State,
    }


def _said(request: HttpRequest, forms: dict[str, Form]) -> dict[str, Any]:
    """What accepting is told: the price that was shown, how it is paid, whom the invoice goes to."""
    said: dict[str, Any] = {"expected_total": whole_number(request.POST.get("shown", ""))}
    if payment := forms.get("payment"):
        said["payment"] = payment.cleaned_data["payment"]
    if billing := forms.get("billing"):
        data = dict(billing.cleaned_data)
        said["purchase_order"] = data.pop("purchase_order")
        said["billing"] = Billing(**{name.removeprefix("billing_"): value for name, value in data.items()})
    return said


@require_POST
def leave(request: HttpRequest, secret: str) -> HttpResponse:
    """Wait no more."""
    leave_waiting(entry=entry_by_link(secret))
    messages.success(request, _("You are no longer on the waiting list."))
    return redirect("waiting", secret)
