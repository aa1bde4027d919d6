"""The page behind a mailed link that confirms an order or a place, and sending that link again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from convention.addresses import same
from convention.errors import NotFound

from ..doors import order_by_link, own_secret
from ..limits import refuse_many_verification_mails
from ..models import Order, Registration
from ..prove import name_to_confirm
from ..resend import BadAddress, NoAddress, resend_verification
from ..send_links import send_links
from ..verification import Verification, load_verification, verify_address


@never_cache
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is confirmed; only a button confirms it, since mail scanners open links too."""
    found = load_verification(token)
    if request.method == "POST" and found.is_done:
        send_links(email=found.address)  # the link may have been replaced since, so none is shown here
        messages.info(request, _("This is already confirmed. We have e-mailed you the link again."))
        return redirect("event", found.order.event.slug)
    if request.method == "POST":
        order = verify_address(order=found.order, address=found.address)
        return redirect(_page_after(order, found.address))
    waiting = [one for one in found.parts if not one.confirmed_at]
    held = [one.held_until for one in waiting if one.is_held() and one.takes_place]
    context = {
        "verification": found,
        "places": [(one, _name_on_badge(found, one)) for one in found.registrations],
        "order": found.order,
        "event": found.order.event,
        "held_until": min(filter(None, held), default=None) if len(held) == len(waiting) else None,
    }
    return render(request, "registrations/verify.html", context)


def _page_after(order: Order, address: str) -> str:
    """Return the page of the order for its buyer, else that of the place the link is for."""
    if same(order.email, address):
        return order.start_path
    registration = Verification(order, address).registrations[0]
    registration.order = order
    return order.path_with(own_secret(registration))


def _name_on_badge(found: Verification, registration: Registration) -> str:
    """Return the name that a place has once the link is opened: a member's own where it proves them."""
    if not found.proves(registration):
        return registration.name
    return " ".join(name_to_confirm(registration)).strip() or registration.name


@require_POST
def resend_link(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Send the buyer the link again, to a corrected address where another one is typed."""
    grant = order_by_link(reference, secret)
    if not grant.is_whole or not grant.order.awaits_verification:
        raise NotFound(_("There is nothing to confirm in this order."))
    address = request.POST.get("email", "")[:254]
    refuse_many_verification_mails(grant.order, address)
    try:
        address = resend_verification(order=grant.order, email=address)
    except (BadAddress, NoAddress) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The e-mail to %(email)s is on its way.") % {"email": address})
    grant.order.refresh_from_db(fields=["link_version"])  # another address replaces the link
    return redirect("order", reference, grant.order.manage_secret)
