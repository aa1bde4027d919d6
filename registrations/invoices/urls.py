"""URL patterns of the treasurer's pages, included by the project's URL configuration."""

from typing import Any

from django.urls import path

from .views import (
    accounting,
    batches,
    document_actions,
    invoice_list,
    manual_charges,
    payment_actions,
    receivables,
)

TREASURY_PATH = "organize/money"
RECEIVABLE_PATH = f"{TREASURY_PATH}/owed/<slug:reference>"
INVOICE_PATH = f"{TREASURY_PATH}/invoices/<int:invoice_id>"

pages: list[Any] = [
    path(f"{TREASURY_PATH}/", receivables.receivable_list, name="receivables"),
    path(f"{TREASURY_PATH}/owed.csv", receivables.receivable_export, {"kind": "csv"}, name="receivables-csv"),
    path(
        f"{TREASURY_PATH}/owed.xlsx", receivables.receivable_export, {"kind": "xlsx"}, name="receivables-xlsx"
    ),
    path(f"{TREASURY_PATH}/new/", manual_charges.receivable_create, name="receivable-new"),
    path(
        f"{TREASURY_PATH}/memberships/", manual_charges.memberships_to_invoice, name="memberships-to-invoice"
    ),
    path(f"{TREASURY_PATH}/issue/", batches.invoices_issue, name="invoices-issue"),
    path(f"{TREASURY_PATH}/invoices/", invoice_list.invoice_list, name="invoice-list"),
    path(
        f"{TREASURY_PATH}/invoices.csv",
        invoice_list.invoice_list_export,
        {"kind": "csv"},
        name="invoice-list-csv",
    ),
    path(
        f"{TREASURY_PATH}/invoices.xlsx",
        invoice_list.invoice_list_export,
        {"kind": "xlsx"},
        name="invoice-list-xlsx",
    ),
    path(f"{TREASURY_PATH}/invoices.zip", invoice_list.invoice_pdfs_download, name="invoice-list-pdfs"),
    path(f"{RECEIVABLE_PATH}/lines/", receivables.receivable_edit, name="receivable-lines"),
    path(f"{RECEIVABLE_PATH}/", receivables.receivable_detail, name="receivable"),
    path(f"{RECEIVABLE_PATH}/pro-forma.pdf", receivables.pro_forma_download, name="receivable-pro-forma"),
    path(f"{RECEIVABLE_PATH}/buyer/", document_actions.buyer_edit, name="receivable-buyer"),
    path(f"{RECEIVABLE_PATH}/issue/", document_actions.invoice_issue, name="receivable-issue"),
    path(f"{RECEIVABLE_PATH}/deposit/", document_actions.deposit_issue, name="receivable-deposit"),
    path(f"{RECEIVABLE_PATH}/pay/", payment_actions.payment_record, name="receivable-pay"),
    path(f"{RECEIVABLE_PATH}/credit/", document_actions.withdrawn_charges_credit, name="receivable-credit"),
    path(f"{INVOICE_PATH}.pdf", receivables.invoice_download, name="invoice-pdf"),
    path(f"{INVOICE_PATH}/send/", document_actions.invoice_send, name="invoice-send"),
    path(f"{INVOICE_PATH}/credit/", document_actions.invoice_credit, name="invoice-credit"),
    path(f"{INVOICE_PATH}/correct/", document_actions.invoice_correct, name="invoice-correct"),
    path(
        f"{TREASURY_PATH}/payments/<int:payment_id>/refund/",
        payment_actions.payment_refund,
        name="payment-refund",
    ),
    path(
        f"{TREASURY_PATH}/payments/<int:payment_id>/cancel/",
        payment_actions.payment_cancel,
        name="payment-cancel",
    ),
    path(
        f"{TREASURY_PATH}/refunds/<int:refund_id>/done/",
        payment_actions.refund_complete,
        name="refund-done",
    ),
    path(
        f"{TREASURY_PATH}/refunds/<int:refund_id>/failed/",
        payment_actions.refund_fail,
        name="refund-failed",
    ),
    path(f"{TREASURY_PATH}/books/", accounting.accounting_overview, name="accounting"),
    path(f"{TREASURY_PATH}/books/entries.txt", accounting.fec_download, name="accounting-fec"),
    path(f"{TREASURY_PATH}/books/close/", accounting.period_close, name="accounting-close"),
    path(f"{TREASURY_PATH}/payouts/", accounting.payout_list, name="payouts"),
    path(f"{TREASURY_PATH}/payouts/<int:payout_id>/", accounting.payout_detail, name="payout"),
    path(f"{TREASURY_PATH}/issuer/", accounting.issuer_edit, name="issuer"),
    path(f"{TREASURY_PATH}/days/<slug:event_slug>/", accounting.day_book_page, name="day-book"),
    path(
        f"{TREASURY_PATH}/days/<slug:event_slug>.csv",
        accounting.day_book_download,
        {"kind": "csv"},
        name="day-book-csv",
    ),
    path(
        f"{TREASURY_PATH}/days/<slug:event_slug>.xlsx",
        accounting.day_book_download,
        {"kind": "xlsx"},
        name="day-book-xlsx",
    ),
]
