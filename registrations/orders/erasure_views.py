"""The page behind a link on which its reader, who may have no account, asks to be erased."""

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


@never_cache
@require_safe_or_post
def erasure_request(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Explain what a request to be erased means; a POST sends it to the club."""
    link_access = get_order_by_link(reference, secret)
    address = link_access.reader_address
    # Before that, anybody may have typed the address.
    if not address or link_access.order.awaits_verification:
        raise NotFound(_("A request can only be sent for an address that has received our e-mails."))
    if request.method == "POST":
        throttle_erasure_request(address)
        case = request_erasure_by_address(email=address)
        messages.success(
            request,
            _("We have received your request and will answer by %(due)s.")
            % {"due": format_date(case.due_on)},
        )
        return redirect("order", reference, secret)
    context = {
        "link_access": link_access,
        "event": link_access.order.event,
        "address": address,
        "legal_years": LEGAL_RETENTION_YEARS,
    }
    return render(request, "registrations/erasure_request.html", context)
