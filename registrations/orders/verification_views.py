"""The page behind a mailed link that confirms an order or a registration, and sending that link again."""

from itertools import chain

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from convention.errors import InvalidFields, NotFound, NotOpenNow
from convention.text.email_addresses import is_same_email
from convention.web.routing import require_safe_or_post
from registrations.booking.verification import (
    AddressVerification,
    awaits_attendee,
    get_confirmed_name,
    get_own_paid_price,
    get_verification_deadline,
    load_verification,
    verify_address,
)
from registrations.changes.links import queue_links_mail
from registrations.changes.resend import (
    InvalidAddress,
    MissingAddress,
    resend_member_verification_mail,
    resend_verification_mail,
)
from registrations.models import Order, Registration
from registrations.permissions import LinkAccess, get_order_by_link, make_own_secret
from registrations.rate_limits import throttle_verification_mail


@never_cache
@require_safe_or_post
def order_verification(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link confirms; only a POST confirms, because mail scanners open links too."""
    verification = load_verification(token)
    if request.method == "POST" and verification.is_done:
        # The order's link may have been replaced since, so it is mailed rather than shown.
        queue_links_mail(email=verification.address)
        messages.info(request, _("This is already confirmed. We have e-mailed you the link again."))
        return redirect("event", verification.order.event.slug)
    if request.method == "POST":
        order = verify_address(order=verification.order, address=verification.address)
        return redirect(_get_next_path(order, verification.address))
    unconfirmed = [item for item in verification.all_items if not item.confirmed_at]
    hold_expiries = [item.hold_expires_at for item in unconfirmed if item.is_held() and item.is_reserved]
    registrations = verification.registrations
    prefetch_related_objects(registrations, "addons__addon")
    unconfirmed_registrations = [row for row in registrations if not row.confirmed_at]
    context = {
        "verification": verification,
        "places": [(item, _get_badge_name(verification, item)) for item in registrations],
        "order": verification.order,
        "event": verification.order.event,
        "paid": next(filter(None, map(get_own_paid_price, unconfirmed_registrations)), None),
        "refund_at": min(map(get_verification_deadline, unconfirmed_registrations), default=None),
        "hold_expires_at": min(filter(None, hold_expiries), default=None)
        # Shown only if everything is held; otherwise other people may take the places first.
        if len(hold_expiries) == len(unconfirmed)
        else None,
    }
    return render(request, "registrations/verify.html", context)


def _get_next_path(order: Order, address: str) -> str:
    """Return the order's page for its buyer, else the page of the registration with that address."""
    if is_same_email(order.email, address):
        return order.continue_path
    registration = AddressVerification(order, address).registrations[0]
    registration.order = order
    return reverse("order", args=[order.reference, make_own_secret(registration)])


def _get_badge_name(verification: AddressVerification, registration: Registration) -> str:
    """Return the name on the badge after confirmation: the directory's where the link verifies a member."""
    if not verification.verifies_member(registration):
        return registration.name
    return " ".join(get_confirmed_name(registration)).strip() or registration.name


@require_POST
def verification_resend(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Mail the buyer, or the member whose place is chosen, the link again; a typed address is corrected."""
    link_access = get_order_by_link(reference, secret)
    registration = _find_awaited_place(link_access, request.POST.get("person", ""))
    if registration is None and not (link_access.is_full and link_access.order.awaits_verification):
        raise NotFound(_("There is nothing to confirm in this order."))
    typed_address = request.POST.get("email", "")[:254]
    throttle_verification_mail(
        link_access.order, typed_address or (registration.email if registration else "")
    )
    try:
        address = (
            resend_member_verification_mail(registration=registration, email=typed_address)
            if registration
            else resend_verification_mail(order=link_access.order, email=typed_address)
        )
    except (InvalidAddress, MissingAddress, NotOpenNow) as error:
        messages.error(request, str(error))
    except InvalidFields as error:
        messages.error(request, " ".join(chain.from_iterable(error.field_errors.values())))
    else:
        messages.success(request, _("We are sending the e-mail to %(email)s.") % {"email": address})
    link_access.order.refresh_from_db(fields=["link_version"])  # another address replaced the link
    return redirect("order", reference, link_access.order.manage_secret)


def _find_awaited_place(link_access: LinkAccess, reference: str) -> Registration | None:
    """Return the held place with this reference that its member, who is not the buyer, has to confirm."""
    if not (link_access.is_full and reference):
        return None
    registration = link_access.get_registration(reference)
    is_pending = registration.state == Registration.State.PENDING
    return registration if is_pending and awaits_attendee(link_access.order, registration) else None
