"""Invoices of a company that belong to no order, such as membership fees, and how to pay them."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from convention.club.models import Company
from convention.money import Money, compact_reference
from registrations.invoices.formatting import format_iban, format_transfer_reference
from registrations.invoices.ledger.receivable_list import annotate_receivables
from registrations.invoices.models import Invoice, Issuer

from .permissions import list_manual_receivables


@dataclass(frozen=True)
class OtherInvoices:
    """The documents of a receivable without an order, what they are for, and what is left to pay."""

    documents: list[Invoice]
    subject: str
    items: str
    amount_owed: Money
    amount_due: Money
    due_on: datetime.date | None
    transfer_reference: str


@dataclass(frozen=True)
class TransferAccount:
    """The club's bank account, for transfers."""

    name: str
    iban: str
    bic: str


def list_other_invoices(company: Company) -> list[OtherInvoices]:
    """Return the invoices without an order, the newest first; what is not invoiced yet is left out."""
    rows = annotate_receivables(timezone.localdate()).filter(pk__in=list_manual_receivables(company))
    rows = rows.filter(Exists(Invoice.objects.filter(receivable=OuterRef("pk")))).select_related("event")
    return [_describe_receivable(row) for row in rows.prefetch_related("invoices", "charges")]


def _describe_receivable(row: Any) -> OtherInvoices:
    """Return the invoices of a row of `annotate_receivables`."""
    descriptions = [charge.description for charge in row.charges.all() if charge.withdrawn_at is None]
    return OtherInvoices(
        documents=list(row.invoices.all()),
        subject=row.subject_label,
        items=", ".join(dict.fromkeys(descriptions)),
        amount_owed=row.as_money(row.amount_owed),
        amount_due=row.as_money(row.amount_due),
        due_on=row.unpaid_due_on,
        transfer_reference=format_transfer_reference(row.reference),
    )


def find_transfer_account(rows: Iterable[OtherInvoices]) -> TransferAccount | None:
    """Return the account to which the invoices are paid; None if nothing is due or the club has none."""
    issuer = Issuer.get_current() if any(row.amount_due.amount > 0 for row in rows) else None
    if issuer is None or not issuer.iban:
        return None
    iban, bic = compact_reference(issuer.iban), compact_reference(issuer.bic)
    return TransferAccount(issuer.legal_name, format_iban(iban), bic)
