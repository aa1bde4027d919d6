"""The step of the add-ons' page on which an add-on is removed: what is refunded first, then the removal."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.text.normalize import parse_signed_digits
from registrations.billing.price_change import describe_released_price, preview_price_change
from registrations.changes.addons import preview_removed_addon, remove_addon
from registrations.models import Registration
from registrations.permissions import LinkAccess
from registrations.rate_limits import throttle_correction


def addon_removal(
    request: HttpRequest, *, link_access: LinkAccess, registration: Registration, addon_slug: str
) -> HttpResponse:
    """State what removing the add-on refunds; a POST removes it."""
    order = link_access.order
    path = ("order-addons", order.reference, link_access.secret, registration.reference)
    try:
        change = preview_removed_addon(
            link_access=link_access, registration=registration, addon_slug=addon_slug
        )
        outcome = preview_price_change(
            order, change.difference_cents, replaced=change.list_replaced_charges(registration)
        )
        sentences = describe_released_price(outcome, order.currency)
        if request.method == "POST":
            throttle_correction(order, registration)
            expected_cents = parse_signed_digits(request.POST.get("difference", ""))
            remove_addon(
                link_access=link_access,
                registration=registration,
                addon_slug=addon_slug,
                # No price is 1: without a readable one nothing is removed, and the page shows it again.
                expected_cents=1 if expected_cents is None else expected_cents,
            )
            removed = _("The add-on has been removed. A new confirmation is on its way.")
            messages.success(request, " ".join([removed, *(sentences if change.difference_cents else [])]))
            return redirect("order", order.reference, link_access.secret)
    except ConventionError as error:
        messages.error(request, str(error))
        return redirect(*path)
    context = {
        "link_access": link_access,
        "event": order.event,
        "registration": registration,
        "addon": change.removed[0].addon,
        "difference_cents": change.difference_cents,
        "sentences": sentences,
    }
    return render(request, "registrations/remove_addon.html", context)
