"""The terms of what is left to pay for an order, as e-mails name them: amount, due date, way to pay."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.events.models import Event
from convention.money import Money
from convention.text.dates import format_date
from registrations.billing.receivables import (
    calculate_amount_owed,
    calculate_balance,
    find_stored_receivable,
    is_paid_by_card,
    list_active_sponsorships,
)
from registrations.invoices.documents.buyer_document import (
    BuyerDocument,
    BuyerDocumentKind,
    choose_buyer_document,
)
from registrations.invoices.documents.invoiced_balance import (
    load_invoiced_balance,
    select_unpaid_invoices,
)
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models import Issuer
from registrations.models import Order

from .transfer_details import TransferDetails, get_transfer_details


@dataclass(frozen=True)
class PaymentTerms:
    """How and until when the rest of an order is paid.

    Without `due_on`, the days to pay count from an invoice that is still to come. `pay_url` is set if the
    order is paid by card, `transfer` if the club's account is known.
    """

    amount: Money
    due_on: datetime.date | None
    days_to_pay: int
    pay_url: str
    transfer: TransferDetails | None
    transfer_url: str

    @property
    def deadline(self) -> str:
        """Return until when to pay, in words."""
        if self.due_on:
            return _("by %(day)s") % {"day": format_date(self.due_on)}
        if not self.days_to_pay:
            return _("on receipt of the invoice")
        sentence = ngettext(
            "within %(days)d day of the invoice date",
            "within %(days)d days of the invoice date",
            self.days_to_pay,
        )
        return sentence % {"days": self.days_to_pay}


def load_payment_terms(order: Order) -> PaymentTerms | None:
    """Return how the rest of the order is paid; None if nothing is left to pay."""
    balance = calculate_balance(order)
    if balance.amount <= 0:
        return None
    issuer = Issuer.get_current()
    arguments = [order.reference, order.manage_secret]
    return PaymentTerms(
        amount=balance,
        due_on=_find_invoice_due_date(order) or _expect_due_date(order, issuer),
        days_to_pay=issuer.payment_days if issuer else 0,
        pay_url=f"{settings.SITE_URL}{reverse('order-pay', args=arguments)}" if order.is_by_card else "",
        transfer=get_transfer_details(order),
        transfer_url=f"{settings.SITE_URL}{reverse('order-transfer', args=arguments)}",
    )


def build_payment_context(order: Order) -> dict[str, object]:
    """Return the template context about money: the amount, whether and how it was paid, or how to pay."""
    amount_due = calculate_amount_owed(order)
    payment_terms = load_payment_terms(order) if amount_due.amount else None
    settled = bool(amount_due.amount) and payment_terms is None
    return {
        "amount_due": amount_due,
        "is_settled": settled,
        "is_paid_by_card": settled and is_paid_by_card(order),
        "payment_terms": payment_terms,
        "invoice_sentence": describe_coming_invoice(order, _choose_document(order))
        if amount_due.amount
        else "",
    }


@dataclass(frozen=True)
class InvoiceTexts:
    """How a page or an e-mail announces an invoice that is not sent by e-mail."""

    on_day: str | Promise
    shortly: str | Promise
    receipt: str | Promise = ""


MAIL_INVOICE_TEXTS = InvoiceTexts(
    gettext_lazy("The invoice will be available on your order page on %(day)s."),
    gettext_lazy("The invoice will be available on your order page shortly."),
    gettext_lazy("Until then, you can download a receipt from your order page."),
)
# The order's page shows the receipt itself.
PAGE_INVOICE_TEXTS = InvoiceTexts(
    gettext_lazy("The invoice will be available on this page on %(day)s."),
    gettext_lazy("The invoice will be available on this page shortly."),
)


def describe_coming_invoice(
    order: Order, document: BuyerDocument, texts: InvoiceTexts = MAIL_INVOICE_TEXTS
) -> str:
    """Return when the invoice of an order comes, by the issuer's setting; "" if there is none to come.

    `document` is the one that the buyer can have now. An unpaid order has an invoice to come if it is paid by
    bank transfer.
    """
    issuer = Issuer.get_current()
    if document.kind == BuyerDocumentKind.RECEIPT:
        sentence = _describe_issue_time(order, issuer, texts, document)
        return f"{sentence} {texts.receipt}".rstrip() if issuer else ""
    awaits_transfer = order.payment == Order.Payment.INVOICE and not order.awaits_verification
    if document.kind == BuyerDocumentKind.INVOICE or not awaits_transfer:
        return ""
    return _describe_issue_time(order, issuer, texts, document)


def _describe_issue_time(
    order: Order, issuer: Issuer | None, texts: InvoiceTexts, document: BuyerDocument
) -> str:
    # Orders from before the setting are left to the treasurer.
    if issuer is None or issuer.issues_since is None or order.created_at < issuer.issues_since:
        return _("The organizer will issue the invoice later.")
    if issuer.issues_on == Issuer.IssueTime.PAYMENT and document.kind != BuyerDocumentKind.RECEIPT:
        return _("We will send the invoice once you have paid.")
    day = _find_issue_day(order.event, issuer)
    if day <= timezone.localdate():
        return _("The invoice will follow shortly by e-mail.") if issuer.sends_since else str(texts.shortly)
    pattern = _("The invoice will follow by e-mail on %(day)s.") if issuer.sends_since else texts.on_day
    return str(pattern) % {"day": format_date(day)}


def describe_invoice_schedule(event: Event) -> str:
    """Return when an order of today is invoiced and until when it is paid; "" without an issuer."""
    issuer = Issuer.get_current()
    if issuer is None:
        return ""
    days = {"days": issuer.payment_days}
    if issuer.issues_on == Issuer.IssueTime.PAYMENT and issuer.issues_since:
        term = ngettext(
            "Please pay within %(days)d day of your order.",
            "Please pay within %(days)d days of your order.",
            issuer.payment_days,
        )
        sentence = _("We will send the invoice once you have paid.")
        return f"{term % days} {sentence}" if issuer.payment_days else sentence
    term = ngettext(
        "Please pay within %(days)d day of the invoice date.",
        "Please pay within %(days)d days of the invoice date.",
        issuer.payment_days,
    )
    term = term % days if issuer.payment_days else _("Please pay on receipt of the invoice.")
    return f"{_describe_planned_issue(event, issuer)} {term}"


def _describe_planned_issue(event: Event, issuer: Issuer) -> str:
    """Return when the invoice of an unpaid order of today is issued."""
    if issuer.issues_on == Issuer.IssueTime.BY_HAND or issuer.issues_since is None:
        return _("The organizer will issue the invoice later.")
    day = _find_issue_day(event, issuer)
    if day <= timezone.localdate():
        return _("We will issue the invoice as soon as the order is confirmed.")
    return _("The invoice will be issued on %(day)s.") % {"day": format_date(day)}


def _find_issue_day(event: Event, issuer: Issuer) -> datetime.date:
    """Return the day on which the issuer's setting issues the invoice of an order that is due to get it."""
    if issuer.issues_on != Issuer.IssueTime.DAY:
        return timezone.localdate()
    event_day = event.starts_at.astimezone(event.zone).date()
    return event_day - datetime.timedelta(days=issuer.issue_days_before)


def _choose_document(order: Order) -> BuyerDocument:
    return choose_buyer_document(find_stored_receivable(order))


def _find_invoice_due_date(order: Order) -> datetime.date | None:
    """Return the earliest due date of the order's unpaid invoices."""
    receivable = find_stored_receivable(order)
    if receivable is None:
        return None
    unpaid_invoices = select_unpaid_invoices(
        receivable.invoices.all(), load_invoiced_balance(receivable), compute_balance(receivable)
    )
    return min((invoice.due_on for invoice in unpaid_invoices), default=None)


def _expect_due_date(order: Order, issuer: Issuer | None) -> datetime.date | None:
    """Return when an order without unpaid invoice is due; None if that depends on the treasurer."""
    ordered_on = _find_last_order_date(order)
    event_day = order.event.starts_at.astimezone(order.event.zone).date()
    if issuer is None:
        # By card there is no invoice to wait for.
        return max(ordered_on, event_day) if order.is_by_card else None
    days_to_pay = datetime.timedelta(days=issuer.payment_days)
    if order.is_by_card or issuer.issues_on in (Issuer.IssueTime.ORDER, Issuer.IssueTime.PAYMENT):
        return ordered_on + days_to_pay
    if issuer.issues_on == Issuer.IssueTime.DAY:
        return max(ordered_on, event_day - datetime.timedelta(days=issuer.issue_days_before)) + days_to_pay
    return None


def _find_last_order_date(order: Order) -> datetime.date:
    """Return the day on which the last item that the order owes for was confirmed or added."""
    moments: list[datetime.datetime | None] = [order.created_at]
    for registration in order.registrations.prefetch_related("addons"):
        moments += [registration.confirmed_at, *(item.created_at for item in registration.active_addons)]
    moments += [sponsorship.confirmed_at for sponsorship in list_active_sponsorships(order)]
    return timezone.localdate(max(moment for moment in moments if moment))
