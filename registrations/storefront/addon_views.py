"""The page behind an order's link on which an attendee adds an add-on, such as a dinner, or removes it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from convention.errors import ConventionError
from convention.money import Money
from convention.text.normalize import parse_digits
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.billing.buyer_name import find_billing_name
from registrations.billing.refund_text import describe_ticket_refunds
from registrations.changes.addons import (
    ChosenPayment,
    add_addons,
    can_be_invoiced,
    load_addons_on_sale,
    preview_added_addons,
    select_addons_of_link,
    select_removable_addons,
)
from registrations.changes.change_order import OrderChange
from registrations.models import Addon, Order, Registration, RegistrationAddon
from registrations.permissions import LinkAccess, get_order_by_link
from registrations.rate_limits import throttle_correction

from .addon_removal_views import addon_removal
from .forms import AddonChoiceWidget, BillingForm, build_payment_forms


class AddonPurchaseForm(forms.Form):
    addons = forms.MultipleChoiceField(
        label=gettext_lazy("Add-ons"),
        widget=AddonChoiceWidget,
        error_messages={
            "required": gettext_lazy("Choose at least one add-on."),
            "invalid_choice": gettext_lazy(
                "This add-on is already part of the registration, or can no longer be added."
            ),
        },
    )

    def __init__(self, data: Any, *, offered: list[Addon]) -> None:
        super().__init__(data)
        self.offered = {addon.slug: addon for addon in offered}
        field = self.fields["addons"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.widget.addons = self.offered
        field.widget.disabled_slugs = frozenset(addon.slug for addon in offered if addon.remaining == 0)
        field.choices = [(addon.slug, addon.title) for addon in offered]

    def clean_addons(self) -> list[Addon]:
        """Return the chosen add-ons. Raise ValidationError for one that is full."""
        chosen = [self.offered[slug] for slug in self.cleaned_data["addons"]]
        for addon in chosen:
            if addon.remaining == 0:
                raise forms.ValidationError(_("“%(addon)s” is no longer available.") % {"addon": addon.title})
        return chosen


@never_cache
@require_safe_or_post
def addon_purchase(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Offer add-ons, then show what they cost and how they are paid; a POST adds them.

    Those that were bought can be removed.
    """
    link_access = get_order_by_link(reference, secret)
    registration, event = link_access.get_registration(person), link_access.order.event
    data = request.POST if request.method == "POST" else request.GET or None
    if data and "remove" in data:
        return addon_removal(
            request, link_access=link_access, registration=registration, addon_slug=data["remove"]
        )
    on_sale = load_addons_on_sale([event])[event.pk]
    offered = select_addons_of_link(link_access, registration, on_sale)
    # The preview changes nothing, so it is a GET with the choice in the query string.
    form = AddonPurchaseForm(data, offered=offered)
    change = _preview(form, link_access, registration) if data is not None and form.is_valid() else None
    payment_forms = _build_payment_forms(request, registration, change) if change else {}
    if request.method == "POST" and change and _are_valid(payment_forms):
        throttle_correction(link_access.order, registration)
        if added := _try_adding(request, form, link_access, registration, payment_forms):
            return _redirect_after_adding(request, link_access, added, change)
    bought = _list_bought(link_access, registration)
    context = {
        "link_access": link_access,
        "event": event,
        "registration": registration,
        "form": form,
        "offered": offered,
        "bought": bought,
        "has_fixed_addon": any(not removable and not item.pay_by for item, removable in bought),
        "change": change,
        "difference": Money(change.difference_cents, link_access.order.currency) if change else None,
        "refunds": describe_ticket_refunds(event, [registration.ticket]),
        "can_pay": change is None or _can_pay(request, link_access.order, change),
        "payment_sentence": _write_payment_sentence(request, link_access.order),
        **payment_forms,
    }
    return render(request, "registrations/add_addons.html", context)


def _list_bought(link_access: LinkAccess, registration: Registration) -> list[tuple[RegistrationAddon, bool]]:
    """Return the registration's add-ons, and whether the holder of the link can remove each."""
    removable = select_removable_addons(link_access, registration, at=timezone.now())
    return [(item, item in removable) for item in registration.active_addons]


def _preview(
    form: AddonPurchaseForm, link_access: LinkAccess, registration: Registration
) -> OrderChange | None:
    try:
        return preview_added_addons(
            link_access=link_access, registration=registration, addons=form.cleaned_data["addons"]
        )
    except ConventionError as error:
        form.add_error(None, str(error))
        return None


def _can_pay(request: HttpRequest, order: Order, change: OrderChange) -> bool:
    """Return whether there is a way to pay: on invoice only where the order's address is known."""
    return not change.difference_cents or settings.CARD_PAYMENT or can_be_invoiced(order, request.user)


def _build_payment_forms(
    request: HttpRequest, registration: Registration, change: OrderChange
) -> dict[str, forms.Form]:
    """Return the forms for payment and billing where the order was free so far and costs something now."""
    order = registration.order
    if order.payment != Order.Payment.FREE or not _can_pay(request, order, change):
        return {}
    billing = {"billing_name": order.billing_name or order.company or registration.company}
    data = get_posted_data(request)
    payment_forms = build_payment_forms(data, amount_due=change.difference_cents, billing=billing)
    if not can_be_invoiced(order, request.user):
        # By card only, because the address of the order may be a stranger's, who must not be invoiced.
        payment_forms.pop("payment", None)
    return payment_forms


def _write_payment_sentence(request: HttpRequest, order: Order) -> str:
    """Return how the add-ons are paid, in words, where the buyer has no choice."""
    if order.is_by_card or not can_be_invoiced(order, request.user):
        return _("You pay by card on the next page.")
    name = find_billing_name(order)
    if order.payment == Order.Payment.FREE or not name:
        return _("You pay by bank transfer: we will send you an invoice.")
    sentence = _("You pay by bank transfer: we will invoice it to %(name)s.") % {"name": name}
    if order.purchase_order:
        number = _("Purchase order %(number)s.") % {"number": order.purchase_order}
        return f"{sentence} {number}"
    return sentence


def _are_valid(payment_forms: Mapping[str, forms.Form]) -> bool:
    # A list, so that each form shows its own errors.
    valid = [form.is_valid() for form in payment_forms.values()]
    return all(valid)


def _read_payment(
    request: HttpRequest, order: Order, payment_forms: Mapping[str, forms.Form]
) -> ChosenPayment | None:
    billing_form = payment_forms.get("billing")
    if not isinstance(billing_form, BillingForm):
        return None
    payment_form = payment_forms.get("payment")
    default_payment = Order.Payment.INVOICE if can_be_invoiced(order, request.user) else Order.Payment.CARD
    return ChosenPayment(
        payment=payment_form.cleaned_data["payment"] if payment_form else default_payment,
        billing=billing_form.build_details(),
        purchase_order=billing_form.cleaned_data["purchase_order"],
    )


def _try_adding(
    request: HttpRequest,
    form: AddonPurchaseForm,
    link_access: LinkAccess,
    registration: Registration,
    payment_forms: Mapping[str, forms.Form],
) -> Registration | None:
    expected_cents = parse_digits(request.POST.get("difference", ""))
    try:
        return add_addons(
            link_access=link_access,
            registration=registration,
            addons=form.cleaned_data["addons"],
            # No price is -1: without a readable one nothing is added, and the page shows the price again.
            expected_cents=-1 if expected_cents is None else expected_cents,
            user=request.user,
            chosen_payment=_read_payment(request, link_access.order, payment_forms),
        )
    except ConventionError as error:
        form.add_error(None, str(error))
        return None


def _redirect_after_adding(
    request: HttpRequest, link_access: LinkAccess, registration: Registration, change: OrderChange
) -> HttpResponse:
    """Go to the payment if it is by card, else back to the order."""
    order, titles = registration.order, ", ".join(addon.title for addon in change.added)
    if order.is_by_card and change.difference_cents > 0:
        messages.success(request, _("Added: %(addons)s. Payment is the last step.") % {"addons": titles})
        return redirect(order.continue_path)
    # An attendee's own link does not show the buyer's address.
    email = order.email if link_access.is_full else registration.email if registration.is_private else ""
    sentence = (
        _("Added: %(addons)s. A new confirmation is on its way to %(email)s.")
        if email
        else _("Added: %(addons)s.")
    )
    messages.success(request, sentence % {"addons": titles, "email": email})
    return redirect("order", order.reference, link_access.secret)
