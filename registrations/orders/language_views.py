"""Pages that change the language of an order: for the holder of its link, and for organizers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convention.errors import InvalidFields, NotFound
from convention.events.permissions import get_event_to_organize
from registrations.changes.change_order import can_change_language, change_order_language
from registrations.models import Order, Registration
from registrations.permissions import get_order_by_link


@require_POST
def own_language(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Save the language that the buyer, or the only attendee, chose."""
    link_access = get_order_by_link(reference, secret)
    if not can_change_language(link_access):
        raise NotFound(_("Only the buyer can change the language of this order."))
    save_posted_language(request, link_access.order)
    return redirect("order", reference, secret)


@require_POST
def organizer_language(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Save the language that an organizer chose for the order of a registration."""
    event_obj = get_event_to_organize(event, request.user)
    rows = Registration.objects.select_related("order__event")
    registration = rows.filter(event=event_obj, reference=reference).first()
    if registration is None:
        raise NotFound(_("We could not find this registration at this event."))
    save_posted_language(request, registration.order)
    return redirect("organize-registration", event, reference)


def save_posted_language(request: HttpRequest, order: Order) -> None:
    """Save the language of the form, and report what it changes."""
    try:
        change_order_language(order=order, language=request.POST.get("language", ""))
    except InvalidFields as error:
        messages.error(request, " ".join(error.field_errors["language"]))
    else:
        messages.success(request, _("E-mails about this order will now be sent in the language you chose."))
