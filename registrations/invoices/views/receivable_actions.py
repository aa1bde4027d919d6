"""Actions of the treasurer on one receivable: a page explains each one, its button performs it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from convention.errors import ConventionError, NotOpenNow
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.invoices.documents.completeness import has_complete_buyer, require_buyer_address
from registrations.invoices.documents.credit_notes import (
    correct_invoice,
    credit_invoice,
    credit_invoice_amount,
    credit_withdrawn_charges,
)
from registrations.invoices.documents.invoiced_balance import build_lines_to_invoice, load_invoiced_balance
from registrations.invoices.documents.issuing import (
    get_last_document_id,
    issue_deposit_invoice,
    issue_invoice,
)
from registrations.invoices.formatting import format_cents
from registrations.invoices.forms.actions import (
    BuyerForm,
    ConfirmationForm,
    CreditForm,
    DepositForm,
    DocumentReasonForm,
    ManualPaymentForm,
    PaymentCancelForm,
    RefundForm,
)
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import update_buyer
from registrations.invoices.ledger.payments import record_manual_payment
from registrations.invoices.ledger.refunds import (
    cancel_payment,
    complete_refund,
    compute_refundable,
    fail_refund,
    request_manual_refund,
)
from registrations.invoices.models import Invoice, Payment, Receivable, Refund
from registrations.invoices.permissions import (
    get_invoice_for_treasurer,
    get_payment_for_treasurer,
    get_receivable_for_treasurer,
    get_refund_for_treasurer,
)
from registrations.invoices.sending import queue_invoice_mail

from .receivables import render_page


@dataclass(frozen=True)
class ActionPage:
    """Content of a confirmation page, and the function behind its button."""

    heading: str
    explanation: str
    button_label: str
    form: forms.BaseForm
    # Called with the form's cleaned data; returns the success message.
    run_action: Callable[[dict[str, Any]], str]
    lines: Any = ()
    # Without the buyer's name and address the page leads to them instead of showing its button.
    needs_buyer: bool = False


def respond_with_action(
    request: HttpRequest, receivable: Receivable, action_page: ActionPage
) -> HttpResponse:
    """Show the page; on POST run the action and redirect to the receivable."""
    if request.method == "POST" and action_page.form.is_valid():
        try:
            message = action_page.run_action(action_page.form.cleaned_data)
        # A refusal belongs on the form, where the amount can be corrected.
        except ConventionError as error:
            action_page.form.add_error(None, str(error))
        else:
            messages.success(request, message)
            return redirect("receivable", receivable.reference)
    return render_page(
        request, "action", receivable=receivable, action_page=action_page, form=action_page.form
    )


def describe_document(document: Invoice) -> str:
    return _("%(kind)s %(number)s has been issued: %(total)s.") % {
        "kind": capfirst(document.get_kind_display()),
        "number": document.number,
        "total": format_cents(document.total, document.currency),
    }


@require_safe_or_post
def invoice_issue(request: HttpRequest, reference: str) -> HttpResponse:
    """Issue an invoice of everything not invoiced yet."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    lines = build_lines_to_invoice(receivable)
    # Shown before the button is pressed, since an issued document cannot be undone.
    total = format_cents(sum(line.gross_cents for line in lines), receivable.currency)
    explanation = _(
        "Invoice for %(buyer)s: %(total)s. Once issued, it is numbered and can no longer be changed."
    )

    def run_action(_data: dict[str, Any]) -> str:
        require_buyer_address(receivable)
        return describe_document(issue_invoice(receivable=receivable))

    return respond_with_action(
        request,
        receivable,
        ActionPage(
            _("Issue the invoice"),
            explanation % {"total": total, "buyer": receivable.buyer_label},
            _("Issue the invoice"),
            ConfirmationForm(get_posted_data(request)),
            run_action,
            lines,
            needs_buyer=not has_complete_buyer(receivable),
        ),
    )


@require_safe_or_post
def deposit_issue(request: HttpRequest, reference: str) -> HttpResponse:
    """Issue a deposit invoice."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    last_document = get_last_document_id(receivable)

    def run_action(data: dict[str, Any]) -> str:
        require_buyer_address(receivable)
        document = issue_deposit_invoice(
            receivable=receivable, amount=data["amount"], last_document_id=data["last_document"]
        )
        return describe_document(document)

    return respond_with_action(
        request,
        receivable,
        ActionPage(
            _("Invoice a deposit"),
            _("The next invoice will deduct the deposit."),
            _("Issue the deposit invoice"),
            DepositForm(get_posted_data(request), initial={"last_document": last_document}),
            run_action,
            needs_buyer=not has_complete_buyer(receivable),
        ),
    )


@require_safe_or_post
def payment_record(request: HttpRequest, reference: str) -> HttpResponse:
    """Record a payment by transfer or in cash."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    due = compute_balance(receivable).amount_due
    form = ManualPaymentForm(get_posted_data(request), receivable=receivable, amount_due=due)

    def run_action(data: dict[str, Any]) -> str:
        values = {name: data[name] for name in ("amount", "method", "received_on", "note")}
        payment = record_manual_payment(receivable=receivable, external_id=form.external_id, **values)
        return _("A payment of %(amount)s has been recorded.") % {
            "amount": format_cents(payment.amount, payment.currency)
        }

    sentence = _("Overpaid: %(due)s.") if due < 0 else _("Balance due: %(due)s.")
    explanation = sentence % {"due": format_cents(abs(due), receivable.currency)}
    return respond_with_action(
        request,
        receivable,
        ActionPage(_("Record a payment"), explanation, _("Record the payment"), form, run_action),
    )


@require_safe_or_post
def withdrawn_credit(request: HttpRequest, reference: str) -> HttpResponse:
    """Credit what was invoiced and is no longer owed."""
    receivable = get_receivable_for_treasurer(reference, request.user)

    def run_action(data: dict[str, Any]) -> str:
        documents = credit_withdrawn_charges(receivable=receivable, reason=data["reason"])
        return " ".join(map(describe_document, documents)) or _("There is nothing to credit.")

    explanation = _("We will issue a credit note for each invoice with amounts that are no longer due.")
    heading = _("Issue the credit note")
    return respond_with_action(
        request,
        receivable,
        ActionPage(heading, explanation, heading, DocumentReasonForm(get_posted_data(request)), run_action),
    )


@require_safe_or_post
def invoice_credit(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Credit an invoice in whole or in part."""
    document = get_invoice_for_treasurer(invoice_id, request.user)
    # Only the invoice's own lines: discounts on it belong to credit notes.
    lines = [
        line
        for line in load_invoiced_balance(document.receivable).lines_of(document)
        if line.invoice_id == invoice_id
    ]
    last_document = get_last_document_id(document.receivable)
    form = CreditForm(
        get_posted_data(request), creditable_lines=lines, initial={"last_document": last_document}
    )

    def run_action(data: dict[str, Any]) -> str:
        if data["what"] == CreditForm.AMOUNT:
            credit_note = credit_invoice_amount(
                invoice=document,
                amount=data["amount"],
                reason=data["reason"],
                last_document_id=data["last_document"],
            )
            return describe_document(credit_note)
        # None credits everything left.
        chosen = data["lines"] if data["what"] == CreditForm.LINES else None
        return describe_document(credit_invoice(invoice=document, line_ids=chosen, reason=data["reason"]))

    explanation = _(
        "The credit note cancels all or part of %(number)s and reduces the amount due. Once "
        "issued, it can no longer be changed."
    )
    heading = _("Credit note for invoice %(number)s") % {"number": document.number}
    explanation = explanation % {"number": document.number}
    return respond_with_action(
        request,
        document.receivable,
        ActionPage(heading, explanation, _("Issue the credit note"), form, run_action),
    )


@require_safe_or_post
def invoice_correct(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Credit an invoice and issue it again with the buyer's current data."""
    document = get_invoice_for_treasurer(invoice_id, request.user)

    def run_action(data: dict[str, Any]) -> str:
        return " ".join(map(describe_document, correct_invoice(invoice=document, reason=data["reason"])))

    explanation = _(
        "A credit note cancels %(number)s, and a new invoice with the buyer’s current details "
        "replaces it. Correct those details first."
    ) % {"number": document.number}
    heading = _("Correct invoice %(number)s") % {"number": document.number}
    form = DocumentReasonForm(get_posted_data(request))
    return respond_with_action(
        request,
        document.receivable,
        ActionPage(heading, explanation, _("Issue both documents"), form, run_action),
    )


@require_safe_or_post
def invoice_send(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """E-mail a document to its buyer, for the first time or again."""
    document = get_invoice_for_treasurer(invoice_id, request.user)
    email = document.receivable.email
    no_address = _("The buyer has no e-mail address. Add it to their details first.")
    if not email:
        messages.error(request, no_address)
        return redirect("receivable", document.receivable.reference)

    def run_action(_data: dict[str, Any]) -> str:
        # The address may have been erased since the page was loaded.
        if queue_invoice_mail(invoice=document) is None:
            raise NotOpenNow(no_address)
        return _("%(number)s is on its way to %(email)s.") % {"number": document.number, "email": email}

    explanation = _("%(number)s will be sent to %(email)s with the PDF attached.")
    return respond_with_action(
        request,
        document.receivable,
        ActionPage(
            _("Send %(number)s by e-mail") % {"number": document.number},
            explanation % {"number": document.number, "email": email},
            _("Send"),
            ConfirmationForm(get_posted_data(request)),
            run_action,
        ),
    )


def describe_requested_refund(refund: Refund) -> str:
    # The processor sends the refund; other refunds are made at the bank and marked as done.
    sentence = (
        _("A refund of %(amount)s has been requested. It will be sent automatically.")
        if refund.is_by_processor
        else _(
            "A refund of %(amount)s has been recorded. Mark it as done once the money has left the account."
        )
    )
    return sentence % {"amount": format_cents(refund.amount, refund.receivable.currency)}


@require_safe_or_post
def payment_refund(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Request a refund of a payment."""
    payment = get_payment_for_treasurer(payment_id, request.user)
    refundable, receivable = compute_refundable(payment), payment.receivable
    overpaid = -compute_balance(receivable).amount_due
    # Propose what was overpaid, as far as this payment covers it.
    initial = {
        "amount": min(overpaid, refundable) if overpaid > 0 else None,
        "by_transfer": request.GET.get("method") == Payment.Method.TRANSFER,
    }
    form = RefundForm(get_posted_data(request), payment=payment, initial=initial)

    def run_action(data: dict[str, Any]) -> str:
        refund = request_manual_refund(
            payment=payment,
            external_id=form.external_id,
            amount=data["amount"],
            reason=data["reason"],
            method=form.method,
        )
        return describe_requested_refund(refund)

    if initial["by_transfer"]:
        explanation = _(
            "Refundable amount: %(left)s, by bank transfer (original payment method: %(method)s)."
        )
    elif payment.is_by_processor:
        explanation = _(
            "Refundable amount: %(left)s, automatically, to the original payment method (%(method)s)."
        )
    else:
        explanation = _("Refundable amount: %(left)s, to the original payment method (%(method)s).")
    explanation %= {
        "left": format_cents(refundable, receivable.currency),
        "method": payment.get_method_display(),
    }
    return respond_with_action(
        request,
        receivable,
        ActionPage(_("Refund this payment"), explanation, _("Record the refund"), form, run_action),
    )


@require_safe_or_post
def payment_cancel(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Cancel a payment that was entered by mistake."""
    payment = get_payment_for_treasurer(payment_id, request.user)
    receivable = payment.receivable
    values = {
        "amount": format_cents(payment.amount, receivable.currency),
        "method": payment.get_method_display(),
    }

    def run_action(data: dict[str, Any]) -> str:
        cancel_payment(payment=payment, reason=data["reason"])
        return _("The payment of %(amount)s has been cancelled with a counter-entry.") % values

    explanation = _(
        "Only cancel this payment of %(amount)s (%(method)s) if it was entered by mistake. A counter-entry "
        "dated today will cancel it and the amount will be due again; both entries stay in the accounts. If"
        " the money was received and is going back to the buyer, refund the payment instead."
    )
    heading = _("Cancel this payment")
    form = PaymentCancelForm(get_posted_data(request))
    return respond_with_action(
        request, receivable, ActionPage(heading, explanation % values, heading, form, run_action)
    )


@require_safe_or_post
def refund_complete(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Mark a refund as sent."""
    refund = get_refund_for_treasurer(refund_id, request.user)

    def run_action(_data: dict[str, Any]) -> str:
        complete_refund(refund=refund)
        return _("The refund has been marked as done.")

    explanation = _("Only confirm if %(amount)s left the account today.") % {
        "amount": format_cents(refund.amount, refund.receivable.currency)
    }
    form = ConfirmationForm(get_posted_data(request))
    return respond_with_action(
        request,
        refund.receivable,
        ActionPage(_("Mark the refund as done"), explanation, _("Mark as done"), form, run_action),
    )


@require_safe_or_post
def refund_fail(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Mark a refund as failed."""
    refund = get_refund_for_treasurer(refund_id, request.user)

    def run_action(data: dict[str, Any]) -> str:
        fail_refund(refund=refund, reason=data["reason"])
        return _("The refund has been marked as failed. The money is still in the account.")

    explanation = _("%(amount)s did not leave the account, or was returned.") % {
        "amount": format_cents(refund.amount, refund.receivable.currency)
    }
    form = DocumentReasonForm(get_posted_data(request))
    return respond_with_action(
        request,
        refund.receivable,
        ActionPage(_("Mark the refund as failed"), explanation, _("Mark as failed"), form, run_action),
    )


@require_safe_or_post
def buyer_edit(request: HttpRequest, reference: str) -> HttpResponse:
    """Correct the buyer of the next documents."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    # A second instance: the form writes into it, and `update_buyer` compares with the stored one.
    form = BuyerForm(get_posted_data(request), instance=get_receivable_for_treasurer(reference, request.user))

    def run_action(data: dict[str, Any]) -> str:
        update_buyer(receivable, data)
        return _("The buyer’s details have been saved.")

    explanation = _("These details apply to future documents. Documents already issued do not change.")
    return respond_with_action(
        request, receivable, ActionPage(_("Buyer"), explanation, _("Save the details"), form, run_action)
    )
