"""The page on which the holder of a link gives their place to a colleague."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from convention.errors import InvalidFields
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.billing.receivables import calculate_balance
from registrations.booking.order_limits import AlreadyRegistered
from registrations.models import GivenBy, Registration
from registrations.orders.second_registrations import find_existing_place
from registrations.permissions import LinkAccess, get_order_by_link
from registrations.rate_limits import throttle_correction
from registrations.sessions.awaited import load_awaited_sessions
from registrations.sessions.booking import list_session_bookings

from .correct import check_transfer_deadline
from .forms import HandoverForm
from .handover_text import describe_handover
from .substitute import AlreadyNamed, substitute_attendee


@never_cache
@require_safe_or_post
def registration_substitution(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Explain what a substitution means; a POST makes it, after a question if it is a second place."""
    link_access = get_order_by_link(reference, secret)
    registration, event = link_access.get_registration(person), link_access.order.event
    check_transfer_deadline(event)
    form = HandoverForm(get_posted_data(request), registration=registration)
    existing = None
    if request.method == "POST" and form.is_valid():
        existing = find_existing_place(link_access, registration, form.to_place())
        if existing and request.POST.get("answer") == existing.reference:
            existing = None
        if existing is None and (changed := _give_place(link_access, registration, form)):
            messages.success(request, describe_handover(changed, reader=link_access.buyer_address))
            return (
                redirect("order", reference, secret) if link_access.is_full else redirect("event", event.slug)
            )
    context = {
        "link_access": link_access,
        "event": event,
        "registration": registration,
        "form": form,
        "question": existing,
        # Attendees do not see what the order owes.
        "balance": calculate_balance(link_access.order) if link_access.is_full else None,
        "sessions": [booking.session for booking in list_session_bookings(registration)],
        "awaited_sessions": load_awaited_sessions([registration]).get(registration.pk, []),
    }
    return render(request, "registrations/substitute.html", context)


def _give_place(
    link_access: LinkAccess, registration: Registration, form: HandoverForm
) -> Registration | None:
    """Give the place and return it, or None with errors on the form."""
    if form.is_sent_again:
        return registration
    throttle_correction(link_access.order, registration)
    given_by = GivenBy.BUYER if link_access.is_full else GivenBy.ATTENDEE
    try:
        return substitute_attendee(
            registration=registration,
            new_attendee=form.to_place(),
            given_by=given_by,
            expected_holder=form.cleaned_data["holder"],
        )
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except AlreadyRegistered as error:
        form.add_error("email", str(error))
    except AlreadyNamed as error:
        form.add_error(None, str(error))
    return None
