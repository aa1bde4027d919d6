"""Change the billing details of an order until something of it is invoiced, or have it paid on invoice."""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError, NotOpenNow
from registrations.billing.tax_number import price_package
from registrations.invoices.ledger.charges import lock_receivable, update_buyer
from registrations.invoices.models.documents import Invoice
from registrations.models import Order, RegistrationAddon
from registrations.order_request import BillingDetails

from .receivables import find_stored_receivable, list_active_sponsorships, make_buyer

# The fields of a receivable that repeat those of the order; the treasurer alone changes the others.
COPIED_FIELDS = ("name", "street", "postcode", "city", "country", "purchase_order")
TAX_FIELDS = ("siren", "vat_number")


class AlreadyInvoiced(NotOpenNow):
    """An issued invoice never changes: the treasurer corrects it with a credit note."""


class PriceWouldChange(ConventionError):
    """The price of a package was agreed with or without VAT, which the new details would change."""

    kind = "price-would-change"
    status = 409


def can_change_billing_details(order: Order) -> bool:
    """Return whether the order costs something and has no invoice, deposit invoice or credit note yet."""
    has_costs = order.total > 0 and order.payment != Order.Payment.FREE
    return has_costs and not Invoice.objects.filter(receivable__reference=order.reference).exists()


def load_billing_values(order: Order) -> dict[str, str]:
    """Return the order's billing details by the field names of the order, as corrected by the treasurer."""
    buyer = find_stored_receivable(order) or make_buyer(order, order.billing_name)
    return {
        **{f"billing_{name}": getattr(buyer, name) for name in COPIED_FIELDS[:-1]},
        "billing_tax_number": buyer.vat_number or buyer.siren,
        "purchase_order": buyer.purchase_order,
    }


@transaction.atomic
def change_billing_details(*, order: Order, billing: BillingDetails, purchase_order: str) -> Order:
    """Save the recipient of the invoice and the purchase order, also on the order's receivable.

    Raise AlreadyInvoiced or PriceWouldChange.
    """
    order = Order.objects.locked_for_update().get(pk=order.pk)
    receivable = find_stored_receivable(order)
    if receivable:
        # Locked, so that no invoice is issued with the former details meanwhile.
        receivable = lock_receivable(receivable)
    if not can_change_billing_details(order):
        raise AlreadyInvoiced(
            _("The invoice has been issued. Ask the organizers to correct it: they will issue a new one.")
        )
    _require_same_package_price(order, billing)
    former_tax_number = load_billing_values(order)["billing_tax_number"]
    values: dict[str, Any] = {f"billing_{name}": text for name, text in asdict(billing.normalize()).items()}
    values["purchase_order"] = purchase_order.strip()
    changed = [name for name, value in values.items() if getattr(order, name) != value]
    for name in changed:
        setattr(order, name, values[name])
    if changed:
        order.save(update_fields=changed)
        record_action("order.change_billing", order, event=order.event, fields=changed)
    if receivable:
        buyer = make_buyer(order, order.billing_name)
        # The treasurer may have entered a SIREN beside a foreign VAT number; the form has one field for both.
        has_other_tax_number = order.billing_tax_number != former_tax_number
        names = (*COPIED_FIELDS, *TAX_FIELDS) if has_other_tax_number else COPIED_FIELDS
        update_buyer(receivable, {name: getattr(buyer, name) for name in names})
    return order


def _require_same_package_price(order: Order, billing: BillingDetails) -> None:
    """Raise PriceWouldChange if the reverse charge applies to the former details only, or to the new ones."""
    for sponsorship in list_active_sponsorships(order):
        package = sponsorship.package
        former = price_package(package, country=order.billing_country, tax_number=order.billing_tax_number)
        new = price_package(package, country=billing.country, tax_number=billing.tax_number)
        if former.is_reverse_charged != new.is_reverse_charged:
            raise PriceWouldChange(
                _(
                    "With this country and VAT number, the price of the package would change, because VAT "
                    "is charged differently. Ask the organizers to change your order."
                )
            )


def change_to_invoice_payment(*, order: Order) -> None:
    """Have a locked order by card paid on invoice, with the add-ons that awaited a payment by card."""
    order.payment = Order.Payment.INVOICE
    order.save(update_fields=["payment"])
    addons = RegistrationAddon.objects.filter(registration__order=order, registration__cancelled_at=None)
    addons.update(pay_by=None)
    record_action("order.invoice_later", order, event=order.event, fields=["payment"])
