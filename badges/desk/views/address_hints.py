"""The hint that an e-mail address typed at the desk looks mistyped."""

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_POST

from convention.events.permissions import get_event_to_staff
from convention.text.address_suggestions import suggest_address
from registrations.booking.validation import MAX_EMAIL_LENGTH

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


# By POST, although nothing changes: addresses stay out of the logs of requests.
@require_POST
def address_hint(request: "HttpRequest", event: str) -> "HttpResponse":
    """Return the hint on the typed address, which is empty if the address does not look mistyped."""
    get_event_to_staff(event, request.user)
    suggestion = suggest_address(request.POST.get("email", "")[:MAX_EMAIL_LENGTH])
    return render(request, "desk/address_hint.html", {"suggestion": suggestion})
