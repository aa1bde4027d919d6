"""The buyer's page on which the billing details of an order are changed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.errors import NotFound
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.billing.change_billing import (
    AlreadyInvoiced,
    PriceWouldChange,
    can_change_billing_details,
    change_billing_details,
    load_billing_values,
)
from registrations.models import Order
from registrations.permissions import get_order_by_link
from registrations.rate_limits import throttle_correction

from .forms import BillingForm


@never_cache
@require_safe_or_post
def order_billing(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Show the billing details; a POST changes them, until the invoice is issued."""
    link_access = get_order_by_link(reference, secret)
    order = link_access.order
    if not link_access.is_full or not can_change_billing_details(order):
        raise NotFound(_("The billing details of this order cannot be changed here."))
    form = build_billing_form(request, order)
    if save_billing_form(request, form, order):
        return redirect("order", reference, secret)
    context = {"link_access": link_access, "event": order.event, "billing": form}
    return render(request, "registrations/billing.html", context)


def build_billing_form(request: HttpRequest, order: Order) -> BillingForm:
    """Return the form with the present billing details, bound to what was posted."""
    return BillingForm(get_posted_data(request), initial=load_billing_values(order))


def save_billing_form(request: HttpRequest, form: BillingForm, order: Order) -> bool:
    """Save the form if it was posted and is valid; return whether the page is done."""
    if not form.is_bound or not form.is_valid():
        return False
    throttle_correction(order)
    try:
        change_billing_details(
            order=order, billing=form.build_details(), purchase_order=form.cleaned_data["purchase_order"]
        )
    except PriceWouldChange as error:
        form.add_error(None, str(error))
        return False
    except AlreadyInvoiced as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The billing details have been saved. They will appear on the invoice."))
    return True
