"""The pages on which a reader without an account asks to be erased, and confirms it behind a mailed link."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.errors import NotFound
from convention.privacy.requests import request_erasure_by_address
from convention.privacy.retention import LEGAL_RETENTION_YEARS
from convention.text.dates import format_date
from convention.web.routing import require_safe_or_post
from registrations.permissions import get_order_by_link
from registrations.rate_limits import throttle_erasure_request

from .erasure_confirmation import queue_erasure_confirmation, read_erasure_token


@never_cache
@require_safe_or_post
def erasure_request(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Explain what a request to be erased means; a POST mails the address the link that confirms it."""
    link_access = get_order_by_link(reference, secret)
    address = link_access.reader_address
    # Before that, anybody may have typed the address.
    if not address or link_access.order.awaits_verification:
        raise NotFound(_("A request can only be sent for an address that has received our e-mails."))
    if request.method == "POST":
        throttle_erasure_request(address)
        queue_erasure_confirmation(link_access)
        messages.success(
            request,
            _("We are sending an e-mail to %(email)s. Click the link in it to confirm your request.")
            % {"email": address},
        )
        return redirect("order", reference, secret)
    context = {
        "link_access": link_access,
        "event": link_access.order.event,
        "address": address,
        "legal_years": LEGAL_RETENTION_YEARS,
    }
    return render(request, "registrations/erasure_request.html", context)


@never_cache
@require_safe_or_post
def erasure_confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the request; only a POST sends it to the club, because mail scanners open links too."""
    address = read_erasure_token(token)
    if request.method == "POST":
        case = request_erasure_by_address(email=address)
        messages.success(
            request,
            _("We have received your request and will answer by %(due)s.")
            % {"due": format_date(case.due_on)},
        )
        return redirect("home")
    context = {"address": address, "legal_years": LEGAL_RETENTION_YEARS}
    return render(request, "registrations/erasure_confirmation.html", context)
