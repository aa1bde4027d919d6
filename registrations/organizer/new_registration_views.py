"""The organizers' page to add a registration by hand."""

import secrets

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.web.routing import require_safe_or_post
from registrations.application_rules import get_new_application_path
from registrations.booking.walk_in import DuplicateRegistration, register_walk_in
from registrations.models import Addon, Order, Ticket
from registrations.storefront.forms import OptionalBillingForm
from registrations.storefront.walk_in_forms import ManualRegistrationForm


@require_safe_or_post
def registration_create(request: HttpRequest, event: str) -> HttpResponse:
    """Register someone, confirmed at once, also free or at a lower price with a reason."""
    event_obj = get_event_to_organize(event, request.user)
    application_path = get_new_application_path(event_obj)
    tickets = _list_tickets(event_obj, application_path)
    if application_path and not tickets:
        return redirect(application_path)
    default_tickets = [ticket for ticket in tickets if ticket.is_default] or tickets[: len(tickets) == 1]
    # The nonce travels with the form, so that a second click registers the same person only once.
    initial = {
        "ticket": default_tickets[0].slug if default_tickets else "",
        "nonce": secrets.token_urlsafe(24),
    }
    addons = list(event_obj.addons.prefetch_related("tickets"))
    form = ManualRegistrationForm(request.POST or None, tickets=tickets, addons=addons, initial=initial)
    billing = OptionalBillingForm(request.POST or None)
    duplicate = None
    if request.method == "POST" and all([form.is_valid(), billing.is_valid()]):
        try:
            registration = register_walk_in(
                event=event_obj,
                place=form.build_place(),
                source=Order.Source.ORGANIZER,
                idempotency_key=form.cleaned_data["nonce"],
                language=form.cleaned_data["language"],
                special_terms=form.special_terms,
                billing=billing.build_details(),
                purchase_order=billing.cleaned_data.get("purchase_order", ""),
                accepted_duplicate=request.POST.get("accepted_duplicate", ""),
            )
        except DuplicateRegistration as error:
            duplicate = error.registration
        except ConventionError as error:
            # Shown in the form, so that nothing typed is lost.
            form.add_errors(error)
        else:
            messages.success(request, _("%(name)s is registered.") % {"name": registration.name})
            return redirect("organize-registration", event, registration.reference)
    context = {
        "event": event_obj,
        "section": "organize",
        "form": form,
        "duplicate": duplicate,
        "application_path": application_path,
        "tickets": tickets,
        "billing": billing if _has_prices(tickets, addons) else None,
    }
    return render(request, "registrations/organizer_new.html", context)


def _list_tickets(event: Event, application_path: str) -> list[Ticket]:
    """Return the tickets of the event, without those for which members apply."""
    tickets = list(event.tickets.with_prices())
    return [ticket for ticket in tickets if not (application_path and ticket.needs_member_verification)]


def _has_prices(tickets: list[Ticket], addons: list[Addon]) -> bool:
    return any(ticket.price for ticket in tickets) or any(addon.price for addon in addons)
