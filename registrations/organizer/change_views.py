"""The organizers' page to change the ticket and the add-ons of a registration."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.events.permissions import get_event_to_organize
from convention.text.normalize import parse_signed_digits
from convention.web.routing import require_safe_or_post
from registrations.billing.price_change import describe_price_change, preview_price_change
from registrations.changes.change_order import (
    OrderChange,
    change_order,
    preview_order_change,
    recognize_members,
)
from registrations.models import Registration

from .order_change_forms import OrderChangeForm


@require_safe_or_post
def registration_change(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Offer tickets and add-ons, then show what the change costs; a POST applies it."""
    event_obj = get_event_to_organize(event, request.user)
    rows = Registration.objects.select_related("order", "event", "ticket", "member_of", "voucher")
    registration = get_object_or_404(
        rows.prefetch_related("addons__addon"), event=event_obj, reference=reference
    )
    # The preview changes nothing, so it is a GET with the choice in the query string. The reason is only in
    # the POST, because URLs end up in logs.
    data = request.POST if request.method == "POST" else request.GET or None
    form = OrderChangeForm(data, registration=registration)
    # An invalid reason leaves the preview on the page, with the field in which to correct it.
    has_choice = data is not None and not form.errors.keys() - {"reason"}
    change = _preview_change(form, registration) if has_choice else None
    if request.method == "POST" and change and form.is_valid() and _try_change(request, form, registration):
        messages.success(request, _describe_success(registration))
        return redirect("organize-registration", event, reference)
    context = {
        "event": event_obj,
        "section": "organize",
        "registration": registration,
        "form": form,
        "change": change,
        "sentences": _describe_change(registration, change) if change else [],
    }
    return render(request, "registrations/organizer_change.html", context)


def _describe_success(registration: Registration) -> str:
    # Orders made at the desk may have no address.
    if registration.is_private or registration.order.email:
        return _("The registration has been changed. A new confirmation is on its way.")
    return _("The registration has been changed.")


def _preview_change(form: OrderChangeForm, registration: Registration) -> OrderChange | None:
    recognize_members([registration], form.cleaned_data["ticket"])
    try:
        change = preview_order_change(registration=registration, **_read_choice(form))
    except ConventionError as error:
        form.add_error(None, str(error))
        return None
    # Set after the validation of the preview, which is sent without the reason.
    form.fields["reason"].required = change.lacks_membership
    return change


def _read_choice(form: OrderChangeForm) -> dict[str, Any]:
    return {"ticket": form.cleaned_data["ticket"], "addons": list(form.cleaned_data.get("addons", ()))}


def _try_change(request: HttpRequest, form: OrderChangeForm, registration: Registration) -> bool:
    expected_cents = parse_signed_digits(request.POST.get("difference", ""))
    if expected_cents is None:
        form.add_error(None, _("The price has changed in the meantime. Check it again."))
        return False
    try:
        change_order(
            registration=registration,
            expected_cents=expected_cents,
            reason=form.cleaned_data["reason"],
            membership_exception=form.cleaned_data["reason"],
            **_read_choice(form),
        )
    except ConventionError as error:
        form.add_error(None, str(error))
        return False
    return True


def _describe_change(registration: Registration, change: OrderChange) -> list[str]:
    order = registration.order
    outcome = preview_price_change(
        order, change.difference_cents, replaced=change.list_replaced_charges(registration)
    )
    return describe_price_change(outcome, order.currency)
