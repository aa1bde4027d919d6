"""Record, refund and cancel payments, and complete refunds."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from convention import hooks
from convention.events.permissions import can_organize
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.invoices.accounting.exported_months import list_period_warnings
from registrations.invoices.documents.invoiced_balance import load_invoiced_balance
from registrations.invoices.formatting import format_cents
from registrations.invoices.forms.actions import (
    ManualPaymentForm,
    PaymentCancelForm,
    RefundCompletionForm,
    RefundForm,
    RequiredReasonForm,
)
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.manual_charges import has_manual_charges
from registrations.invoices.ledger.payments import record_manual_payment
from registrations.invoices.ledger.refunds import (
    cancel_payment,
    complete_refund,
    compute_refundable,
    fail_refund,
    request_manual_refund,
    require_refundable,
)
from registrations.invoices.models import Payment, Receivable, Refund
from registrations.invoices.permissions import (
    get_payment_for_treasurer,
    get_receivable_for_treasurer,
    get_refund_for_treasurer,
)

from .action_pages import ActionLink, ActionPage, ActionPreview, respond_with_action

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


@require_safe_or_post
def payment_record(request: HttpRequest, reference: str) -> HttpResponse:
    """Record a payment by transfer or in cash."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    due = compute_balance(receivable).amount_due
    form = ManualPaymentForm(get_posted_data(request), receivable=receivable, amount_due=due)

    def run_action(data: dict[str, Any]) -> str:
        values = {name: data[name] for name in ("amount", "method", "received_on", "note")}
        payment = record_manual_payment(receivable=receivable, external_id=form.external_id, **values)
        for warning in list_period_warnings([payment.received_on]):
            messages.warning(request, warning)
        return _("A payment of %(amount)s has been recorded.") % {
            "amount": format_cents(payment.amount, payment.currency)
        }

    sentence = _("Overpaid: %(due)s.") if due < 0 else _("Balance due: %(due)s.")
    explanation = sentence % {"due": format_cents(abs(due), receivable.currency)}
    return respond_with_action(
        request,
        receivable,
        ActionPage(
            heading=_("Record a payment"),
            explanation=explanation,
            button_label=_("Record the payment"),
            form=form,
            run_action=run_action,
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
    links = list_reduction_links(receivable, request.user) if overpaid < refundable else []

    def run_action(data: dict[str, Any]) -> str:
        refund = request_manual_refund(
            payment=payment,
            external_id=form.external_id,
            amount=data["amount"],
            reason=data["reason"],
            method=form.method,
        )
        return describe_requested_refund(refund)

    def build_preview(data: dict[str, Any]) -> ActionPreview | None:
        # A second click finds the first one's refund, of which the action says that it was recorded.
        is_recorded = Refund.objects.filter(external_id=form.external_id).exists()
        return None if is_recorded else preview_refund(payment, data["amount"])

    return respond_with_action(
        request,
        receivable,
        ActionPage(
            heading=_("Refund this payment"),
            explanation=_explain_refund(payment, request.GET.get("method", ""), overpaid),
            button_label=_("Record the refund"),
            form=form,
            run_action=run_action,
            build_preview=build_preview,
            links=links,
            sentences=list_payer_sentences(payment),
        ),
    )


def list_payer_sentences(payment: Payment) -> list[str]:
    """Return whose account a transfer came from, as the bank named it."""
    payer = hooks.payer_account.provider()(payment)
    return [_("Paid from: %(payer)s") % {"payer": payer}] if payer else []


def _explain_refund(payment: Payment, refund_method: str, overpaid: int) -> str:
    if refund_method == Payment.Method.TRANSFER:
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
        "left": format_cents(compute_refundable(payment), payment.receivable.currency),
        "method": payment.get_method_display(),
    }
    if overpaid > 0:
        return explanation
    return f"{explanation} " + _(
        "The buyer will owe the refunded amount again. To refund something that is cancelled, first reduce "
        "the amount due."
    )


def preview_refund(payment: Payment, amount: int) -> ActionPreview | None:
    """Return what is due after a refund of so many cents; None if the buyer owes nothing more.

    Raise InvalidRefund if the payment has less left.
    """
    require_refundable(payment=payment, amount=amount)
    receivable = payment.receivable
    due_before = compute_balance(receivable).amount_due
    due_after = due_before + amount
    if due_after <= 0:
        return None
    values = {
        "before": format_cents(max(0, due_before), receivable.currency),
        "after": format_cents(due_after, receivable.currency),
        # Without the part that was overpaid.
        "owed": format_cents(due_after - max(0, due_before), receivable.currency),
    }
    return ActionPreview(
        heading=_("Refund of %(amount)s") % {"amount": format_cents(amount, receivable.currency)},
        sentences=[
            _("Balance due: %(before)s before the refund, %(after)s after it.") % values,
            _(
                "The buyer will owe %(owed)s again. If this is no longer due, go back and reduce the amount "
                "due first."
            )
            % values,
        ],
    )


def list_reduction_links(receivable: Receivable, person: "RequestUser") -> list[ActionLink]:
    """Return the pages that lower what is due: credit note, lines entered by hand, registrations."""
    invoice = load_invoiced_balance(receivable).last_invoice
    links = []
    if invoice:
        label = _("Issue a credit note for %(number)s") % {"number": invoice.number}
        links.append(ActionLink(url=reverse("invoice-credit", args=[invoice.pk]), label=label))
    if has_manual_charges(receivable):
        url = reverse("receivable-lines", args=[receivable.reference])
        links.append(ActionLink(url=url, label=_("Change the lines")))
    elif receivable.event and can_organize(person, receivable.event):
        url = f"{reverse('organize-registrations', args=[receivable.event.slug])}?q={receivable.reference}"
        links.append(ActionLink(url=url, label=_("Change the registrations of the order")))
    return links


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
        request,
        receivable,
        ActionPage(
            heading=heading,
            explanation=explanation % values,
            button_label=heading,
            form=form,
            run_action=run_action,
        ),
    )


@require_safe_or_post
def refund_complete(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Mark a refund as sent."""
    refund = get_refund_for_treasurer(refund_id, request.user)

    def run_action(data: dict[str, Any]) -> str:
        complete_refund(refund=refund, refunded_on=data["refunded_on"])
        for warning in list_period_warnings([data["refunded_on"]]):
            messages.warning(request, warning)
        return _("The refund has been marked as done.")

    explanation = _("Only confirm once %(amount)s has left the account.") % {
        "amount": format_cents(refund.amount, refund.receivable.currency)
    }
    form = RefundCompletionForm(get_posted_data(request), refund=refund)
    return respond_with_action(
        request,
        refund.receivable,
        ActionPage(
            heading=_("Mark the refund as done"),
            explanation=explanation,
            sentences=list_payer_sentences(refund.payment),
            button_label=_("Mark as done"),
            form=form,
            run_action=run_action,
        ),
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
    form = RequiredReasonForm(get_posted_data(request))
    return respond_with_action(
        request,
        refund.receivable,
        ActionPage(
            heading=_("Mark the refund as failed"),
            explanation=explanation,
            button_label=_("Mark as failed"),
            form=form,
            run_action=run_action,
        ),
    )
