"""Pages for waiting: joining the list of a ticket, and the page behind the mailed link."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.events.permissions import get_visible_event
from convention.money import Money
from convention.text.normalize import parse_digits
from convention.web.client_network import get_client_network
from convention.web.routing import require_safe_or_post
from registrations.application_rules import get_application_path, has_passed_deadline
from registrations.billing.refund_text import describe_ticket_refunds
from registrations.booking.accept_offer import accept_ticket_offer, preview_offer_quote
from registrations.booking.join_waiting_list import PlacesLeft, check_ticket_is_full, join_ticket_list
from registrations.models import Ticket, WaitingEntry
from registrations.order_request import BillingDetails
from registrations.permissions import get_waiting_entry_by_link
from registrations.pricing.display import describe_vat, make_line_row
from registrations.pricing.quote import Quote
from registrations.rate_limits import throttle_waiting_entry
from registrations.waiting_list.end_waiting import decline_offer, leave_waiting_list
from registrations.waiting_list.notifications import list_waiting_entries
from registrations.waiting_list.policy import find_position

from .drafts import PERSON_FIELDS, load_draft
from .forms import build_payment_forms
from .waiting_list_forms import WaitingRequestForm


@never_cache
@require_safe_or_post
def waiting_list_join(request: HttpRequest, event: str, ticket: str) -> HttpResponse:
    """Join the list of a sold-out ticket; the response is the same for every address."""
    event_obj = get_visible_event(event, request.user)
    if page := get_application_path(event_obj):
        return redirect(page)
    # The page of a hidden ticket must not reveal that it exists.
    ticket_obj = get_object_or_404(Ticket, event=event_obj, slug=ticket, is_public=True)
    form = (
        WaitingRequestForm(request.POST)
        if request.method == "POST"
        else WaitingRequestForm(initial=_guess_person(request, event))
    )
    try:
        if request.method != "POST":
            check_ticket_is_full(ticket_obj)
        elif form.is_valid():
            # Before joining, because joining sends a mail even to an address that waits already.
            throttle_waiting_entry(form.cleaned_data["email"], get_client_network(request.META))
            join_ticket_list(ticket=ticket_obj, request=form.build_request())
            context = {"event": event_obj, "ticket": ticket_obj, "email": form.cleaned_data["email"]}
            return render(request, "registrations/waiting_joined.html", context)
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except PlacesLeft as error:
        messages.info(request, str(error))
        return redirect("register", event)
    except NotOpenNow as error:
        messages.error(request, str(error))
        return redirect("event", event)
    return render(
        request, "registrations/waiting_join.html", {"event": event_obj, "ticket": ticket_obj, "form": form}
    )


def _guess_person(request: HttpRequest, event: str) -> dict[str, Any]:
    """Return the first attendee of the visitor's unfinished registration, to prefill the form."""
    draft = load_draft(request.session, event)
    person = {name: draft.people[0].get(name, "") for name in PERSON_FIELDS}
    return {**person, "language": draft.language or translation.get_language()}


@never_cache
@require_safe_or_post
def waiting_entry(request: HttpRequest, secret: str) -> HttpResponse:
    """Show the position, or the offer to accept or decline."""
    entry = get_waiting_entry_by_link(secret)
    if (order := entry.order) and entry.accepted_at:
        # Once the order's link was replaced, the link of this older mail must not open the order.
        if order.link_version:
            return redirect("lost-link")
        return redirect("order", order.reference, order.manage_secret)
    if request.method == "POST" and "decline" in request.POST:
        decline_offer(entry=entry)
        messages.success(request, _("Thank you. The place will be offered to the next person in line."))
        return redirect("waiting", secret)
    data = request.POST if request.method == "POST" and "accept" in request.POST else None
    quote = preview_offer_quote(entry)
    forms = _build_payment_forms(entry, data, quote.total) if entry.has_offer() else {}
    are_valid = [form.is_valid() for form in forms.values()]  # a list: each form shows its own errors
    if data is not None and all(are_valid):
        try:
            return redirect(accept_ticket_offer(entry=entry, **_read_acceptance(request, forms)).sender_path)
        # The offer may have expired, or the price changed, while the page was open.
        except ConventionError as error:
            messages.error(request, str(error))
            return redirect("waiting", secret)
    context = {
        "entry": entry,
        "event": entry.event,
        "ticket": entry.ticket,
        **forms,
        **_offer_context(entry, quote),
    }
    return render(request, "registrations/waiting.html", context)


def _build_payment_forms(entry: WaitingEntry, data: Any, amount_due: int) -> dict[str, Form]:
    """Return the forms for payment and billing, if something is due."""
    return build_payment_forms(
        data, amount_due=amount_due, billing={"billing_name": entry.company or entry.name}
    )


def _offer_context(entry: WaitingEntry, quote: Quote) -> dict[str, Any]:
    """Return price, refund terms and position for the template."""
    assert entry.ticket is not None
    currency = entry.ticket.currency
    return {
        "row": make_line_row(quote.lines[0], currency=currency, zone=entry.event.zone),
        "refunds": describe_ticket_refunds(entry.event, [entry.ticket] if quote.total else []),
        "cost": Money(quote.total, currency),
        "vat": [describe_vat(total, currency) for total in quote.vat_by_rate] if quote.total else [],
        "position": find_position(entry, list_waiting_entries(entry)),
        "states": WaitingEntry.State,
        "has_passed_deadline": has_passed_deadline(entry.event, at=timezone.now()),
    }


def _read_acceptance(request: HttpRequest, forms: dict[str, Form]) -> dict[str, Any]:
    """Return the arguments of `accept_ticket_offer`: the price that was shown, payment and billing."""
    # The price that the page showed: the current one may be higher, and the visitor has not seen it.
    acceptance: dict[str, Any] = {"expected_total": parse_digits(request.POST.get("shown", ""))}
    if payment := forms.get("payment"):
        acceptance["payment"] = payment.cleaned_data["payment"]
    if billing := forms.get("billing"):
        data = dict(billing.cleaned_data)
        acceptance["purchase_order"] = data.pop("purchase_order")
        acceptance["billing"] = BillingDetails(
            **{name.removeprefix("billing_"): value for name, value in data.items()}
        )
    return acceptance


@require_POST
def waiting_list_leave(request: HttpRequest, secret: str) -> HttpResponse:
    leave_waiting_list(entry=get_waiting_entry_by_link(secret))
    messages.success(request, _("You are no longer on the waiting list."))
    return redirect("waiting", secret)
