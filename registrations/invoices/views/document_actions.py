"""Issue, credit, correct and send the documents of a receivable, and edit their buyer."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from convention.errors import NotOpenNow
from convention.text.dates import format_date
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.invoices.documents.completeness import require_buyer_address
from registrations.invoices.documents.corrections import (
    correct_invoice,
    has_correction,
    keeps_due_date,
    list_corrections,
)
from registrations.invoices.documents.credit_notes import (
    credit_withdrawn_charges,
)
from registrations.invoices.documents.credit_preview import (
    issue_credit_note,
    preview_credit_note,
    preview_withdrawn_credit,
)
from registrations.invoices.documents.invoiced_balance import (
    build_lines_to_invoice,
    compute_settlement,
    load_invoiced_balance,
)
from registrations.invoices.documents.issuing import (
    get_last_document_id,
    issue_deposit_invoice,
    issue_invoice,
    preview_deposit_invoice,
)
from registrations.invoices.formatting import format_cents
from registrations.invoices.forms.actions import (
    BuyerForm,
    ConfirmationForm,
    CreditForm,
    CreditReasonForm,
    DepositForm,
    WithdrawnCreditForm,
)
from registrations.invoices.ledger.charges import update_buyer
from registrations.invoices.models import Invoice, InvoiceLine, Issuer
from registrations.invoices.permissions import (
    get_invoice_for_treasurer,
    get_receivable_for_treasurer,
)
from registrations.invoices.sending import is_claim, list_claimed_amounts, queue_invoice_mail
from registrations.invoices.uninvoiced import has_complete_buyer

from .action_pages import ActionLink, ActionPage, ActionPreview, respond_with_action
from .document_delivery import announce_documents, choose_issue_label, describe_delivery
from .document_previews import (
    describe_credit_preview,
    describe_deposit_preview,
    describe_withdrawn_preview,
)


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
        return announce_documents([issue_invoice(receivable=receivable)])

    return respond_with_action(
        request,
        receivable,
        ActionPage(
            heading=_("Issue the invoice"),
            explanation=explanation % {"total": total, "buyer": receivable.buyer_label},
            button_label=choose_issue_label(receivable, _("Issue the invoice")),
            sentences=describe_delivery(receivable),
            form=ConfirmationForm(get_posted_data(request)),
            run_action=run_action,
            lines=lines,
            needs_buyer=not has_complete_buyer(receivable),
        ),
    )


@require_safe_or_post
def deposit_issue(request: HttpRequest, reference: str) -> HttpResponse:
    """Issue a deposit invoice."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    form = DepositForm(
        get_posted_data(request),
        uninvoiced_cents=load_invoiced_balance(receivable).uninvoiced_cents,
        currency=receivable.currency,
        initial={"last_document": get_last_document_id(receivable)},
    )

    def get_deposit_arguments(data: dict[str, Any]) -> dict[str, Any]:
        return {
            "receivable": receivable,
            "amount": form.amount_cents,
            "last_document_id": data["last_document"],
        }

    def run_action(data: dict[str, Any]) -> str:
        return announce_documents([issue_deposit_invoice(**get_deposit_arguments(data))])

    def build_preview(data: dict[str, Any]) -> ActionPreview:
        require_buyer_address(receivable)
        preview = preview_deposit_invoice(**get_deposit_arguments(data))
        return describe_deposit_preview(receivable, preview)

    return respond_with_action(
        request,
        receivable,
        ActionPage(
            heading=_("Invoice a deposit"),
            explanation=_explain_deposit(),
            button_label=choose_issue_label(receivable, _("Issue the deposit invoice")),
            form=form,
            run_action=run_action,
            build_preview=build_preview,
            preview_label=_("Preview the deposit invoice"),
            needs_buyer=not has_complete_buyer(receivable),
        ),
    )


def _explain_deposit() -> str:
    explanation = _("The next invoice will deduct the deposit.")
    issuer = Issuer.get_current()
    if issuer is None or issuer.issues_on != Issuer.IssueTime.ORDER:
        return explanation
    return f"{explanation} " + _("It is not issued automatically: issue it once the deposit is paid.")


@require_safe_or_post
def withdrawn_charges_credit(request: HttpRequest, reference: str) -> HttpResponse:
    """Credit what was invoiced and is no longer owed."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    form = WithdrawnCreditForm(
        get_posted_data(request), initial={"last_document": get_last_document_id(receivable)}
    )

    def get_credit_arguments(data: dict[str, Any]) -> dict[str, Any]:
        return {
            "receivable": receivable,
            "reason": data["reason"],
            "last_document_id": data["last_document"],
        }

    def run_action(data: dict[str, Any]) -> str:
        documents = credit_withdrawn_charges(**get_credit_arguments(data))
        return announce_documents(documents) or _("There is nothing to credit.")

    def build_preview(data: dict[str, Any]) -> ActionPreview | None:
        preview = preview_withdrawn_credit(**get_credit_arguments(data))
        return describe_withdrawn_preview(receivable, preview) if preview.credit_notes else None

    explanation = _(
        "We will issue a credit note for each invoice with amounts that are no longer due. You will see "
        "invoices and amounts before anything is issued."
    )
    heading = _("Issue the credit note")
    return respond_with_action(
        request,
        receivable,
        ActionPage(
            heading=heading,
            explanation=explanation,
            button_label=choose_issue_label(receivable, heading),
            form=form,
            run_action=run_action,
            build_preview=build_preview,
            preview_label=_("Preview the credit note"),
        ),
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
        return announce_documents([issue_credit_note(**_get_credit_arguments(document, form, data))])

    def build_preview(data: dict[str, Any]) -> ActionPreview:
        preview = preview_credit_note(**_get_credit_arguments(document, form, data))
        return describe_credit_preview(document, preview)

    return respond_with_action(
        request,
        document.receivable,
        ActionPage(
            heading=_("Credit note for invoice %(number)s") % {"number": document.number},
            explanation=_explain_credit(document, lines),
            button_label=choose_issue_label(document.receivable, _("Issue the credit note")),
            form=form,
            run_action=run_action,
            build_preview=build_preview,
            preview_label=_("Preview the credit note"),
        ),
    )


def _get_credit_arguments(document: Invoice, form: CreditForm, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "invoice": document,
        "scope": form.scope,
        "reason": data["reason"],
        "last_document_id": data["last_document"],
    }


def _explain_credit(document: Invoice, lines: Sequence[InvoiceLine]) -> str:
    explanation = _(
        "The credit note cancels all or part of %(number)s. You will see what it changes before it is issued."
    ) % {"number": document.number}
    deducted = -sum(line.amount for line in lines if document.kind == Invoice.Kind.INVOICE and line.origin_id)
    if not deducted:
        return explanation
    # The items are then no longer due, so nothing is left that the deposit is a part of.
    return f"{explanation} " + _(
        "This invoice deducts deposits of %(deducted)s. Crediting the whole remaining amount cancels the "
        "sale: the deposits must then be credited too. To waive the balance and keep the deposits, credit "
        "an amount."
    ) % {"deducted": format_cents(deducted, document.currency)}


@require_safe_or_post
def invoice_correct(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Credit an invoice and issue it again with the buyer's current data."""
    document = get_invoice_for_treasurer(invoice_id, request.user)

    def run_action(data: dict[str, Any]) -> str:
        return announce_documents(correct_invoice(invoice=document, reason=data["reason"]))

    buyer_url = reverse("receivable-buyer", args=[document.receivable.reference])
    can_correct, values = has_correction(document), {"number": document.number}
    explanation = (
        _("A credit note cancels %(number)s, and a new invoice with the buyer’s current details replaces it.")
        if can_correct
        else _(
            "%(number)s already has the current details, so there is nothing to correct. Correct the details "
            "first, then come back to replace the invoice."
        )
    )
    return respond_with_action(
        request,
        document.receivable,
        ActionPage(
            heading=_("Correct invoice %(number)s") % values,
            explanation=explanation % values,
            sentences=_describe_corrections(document),
            button_label=choose_issue_label(document.receivable, _("Issue both documents")),
            form=CreditReasonForm(get_posted_data(request)) if can_correct else None,
            run_action=run_action,
            links=[ActionLink(url=buyer_url, label=_("Correct the details"))],
        ),
    )


def _describe_corrections(document: Invoice) -> list[str]:
    """Return a sentence for each detail that the new invoice changes, on its due date, and on the e-mails."""
    sentence = _("%(label)s: “%(old)s” becomes “%(new)s”.")
    sentences = [
        sentence % {"label": capfirst(row.label), "old": row.old or "–", "new": row.new or "–"}
        for row in list_corrections(document)
    ]
    if has_correction(document) and keeps_due_date(document):
        unchanged = _("The amount does not change, so the due date remains %(day)s.")
        sentences.append(unchanged % {"day": format_date(document.due_on)})
    if has_correction(document):
        sentences.extend(describe_delivery(document.receivable, count=2))
    return sentences


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

    heading, explanation = _explain_mail(document)
    return respond_with_action(
        request,
        document.receivable,
        ActionPage(
            heading=heading,
            explanation=explanation,
            button_label=_("Send"),
            form=ConfirmationForm(get_posted_data(request)),
            run_action=run_action,
        ),
    )


def _explain_mail(document: Invoice) -> tuple[str, str]:
    """Return heading and explanation of the page that sends a document: recipient and amount."""
    heading = _("Send %(number)s by e-mail") % {"number": document.number}
    explanation = _("%(number)s will be sent to %(email)s with the PDF attached.") % {
        "number": document.number,
        "email": document.receivable.email,
    }
    settlement = None if document.is_credit_note else compute_settlement(document)
    if settlement is None or not settlement.unpaid_cents:
        return heading, explanation
    due, day = format_cents(settlement.unpaid_cents, document.currency), format_date(document.due_on)
    if not is_claim(document, settlement):
        asked = _("The e-mail asks for %(due)s by %(day)s.") % {"due": due, "day": day}
        return heading, f"{explanation} {asked}"
    if document.due_on < timezone.localdate():
        asked = _("The e-mail asks for %(due)s, overdue since %(day)s (%(amounts)s).")
    else:
        asked = _("The e-mail asks for %(due)s by %(day)s (%(amounts)s).")
    claimed_amounts = list_claimed_amounts(document, settlement)
    amounts = ", ".join(f"{label.lower()} {cents}" for label, cents in claimed_amounts)
    heading = _("Request the balance of %(number)s") % {"number": document.number}
    return heading, f"{explanation} {asked % {'due': due, 'day': day, 'amounts': amounts}}"


@require_safe_or_post
def buyer_edit(request: HttpRequest, reference: str) -> HttpResponse:
    """Correct the buyer of the next documents."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    # A second instance: the form writes into it, and `update_buyer` compares with the stored one.
    edited = get_receivable_for_treasurer(reference, request.user)
    form = BuyerForm(get_posted_data(request), instance=edited)
    # Not filled in: an erasure of the attendee would not find the name of a buyer.
    if not edited.name and edited.first_attendee:
        form.fields["name"].help_text = _("Attendee: %(name)s") % {"name": edited.first_attendee}

    def run_action(data: dict[str, Any]) -> str:
        update_buyer(receivable, data)
        saved = _("The buyer’s details have been saved.")
        invoice = load_invoiced_balance(receivable).last_invoice
        if invoice is None or not list_corrections(invoice):
            return saved
        return f"{saved} " + _(
            "Invoice %(number)s still has the old ones. To replace it, choose “Correct” beside it."
        ) % {"number": invoice.number}

    explanation = _("These details apply to future documents. Documents already issued do not change.")
    return respond_with_action(
        request,
        receivable,
        ActionPage(
            heading=_("Buyer"),
            explanation=explanation,
            button_label=_("Save the details"),
            form=form,
            run_action=run_action,
        ),
    )
