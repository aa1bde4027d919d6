"""Correct an invoice: credit it and issue it again, if one of its details has changed since."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.text.dates import format_date
from convention.text.languages import LANGUAGE_CHOICES
from registrations.invoices.ledger.charges import lock_receivable
from registrations.invoices.models import Invoice, Issuer, Receivable

from .credit_notes import create_credit_note, select_creditable_lines
from .invoice_writer import BUYER_FIELDS, REFERENCE_FIELDS, SELLER_FIELDS
from .invoiced_balance import build_lines_to_invoice, load_invoiced_balance
from .issuing import issue_invoice


class NothingToCorrect(ConventionError):
    """A new invoice would be the same as the one it replaces."""

    kind = "nothing-to-correct"
    status = 409


@dataclass(frozen=True)
class DetailCorrection:
    """A detail on an issued invoice that a new one would print differently."""

    label: str
    old: str
    new: str


@transaction.atomic
def correct_invoice(
    *, invoice: Invoice, reason: str, issued_on: datetime.date | None = None
) -> tuple[Invoice, Invoice]:
    """Credit an invoice and issue it again with today's data of the buyer; return both documents.

    The new invoice is due on the day of the old one if it has the same amount. Raise InvalidCredit, and
    NothingToCorrect if the new invoice would equal the old one.
    """
    receivable = lock_receivable(invoice.receivable)
    lines_to_credit = select_creditable_lines(load_invoiced_balance(receivable), invoice, None)
    if not has_correction(invoice):
        raise NothingToCorrect(
            _("%(number)s already has the current details: a new invoice would be the same.")
            % {"number": invoice.number}
        )
    replaced = invoice if keeps_due_date(invoice) else None
    # The charges stay owed, so that `issue_invoice` finds them uninvoiced again.
    credit_note = create_credit_note(receivable, invoice, lines_to_credit, reason, issued_on)
    return credit_note, issue_invoice(receivable=receivable, issued_on=issued_on, replaced=replaced)


def keeps_due_date(invoice: Invoice) -> bool:
    """Return whether the invoice that replaces this one has the same amount, and so the same due date."""
    # Otherwise a corrected address would end the delay of a late buyer. Items not invoiced yet are new.
    return not build_lines_to_invoice(invoice.receivable)


def has_correction(invoice: Invoice) -> bool:
    """Return whether a new invoice would differ: by its details, or by what was credited or added since."""
    if invoice.kind != Invoice.Kind.INVOICE or list_corrections(invoice):
        return True
    invoiced_balance = load_invoiced_balance(invoice.receivable)
    is_unchanged = invoiced_balance.amount_of(invoice) == invoice.total
    return bool(invoiced_balance.uninvoiced_charges) or not is_unchanged


def list_corrections(invoice: Invoice) -> list[DetailCorrection]:
    """Return the details of an invoice that have changed since it was issued."""
    differing = [row for row in _compare_details(invoice) if row.old != row.new]
    # The same name may be on several lines.
    return list(dict.fromkeys(differing))


def _compare_details(invoice: Invoice) -> Iterator[DetailCorrection]:
    # Read anew: the invoice may have been loaded before its buyer was changed.
    receivable = Receivable.objects.get(pk=invoice.receivable_id)
    issuer, details = Issuer.get_current(), invoice.details
    for name in BUYER_FIELDS:
        yield _compare(Receivable, name, invoice.buyer.get(name), getattr(receivable, name))
    for name in REFERENCE_FIELDS:
        yield _compare(Receivable, name, details.get(name), getattr(receivable, name))
    for name in ("service_from", "service_to"):
        old = details.get(name) and datetime.date.fromisoformat(details[name])
        yield _compare(Receivable, name, old, getattr(receivable, name))
    languages = dict(LANGUAGE_CHOICES)
    yield _compare(
        Receivable, "language", languages.get(invoice.language), languages.get(receivable.language)
    )
    for line in invoice.lines.select_related("charge").exclude(charge=None):
        assert line.charge is not None
        # A deducted deposit has no charge: its text is made anew and stays the same.
        yield DetailCorrection(_("Line"), line.description, line.charge.line_text)
    for name in SELLER_FIELDS if issuer else ():
        row = _compare(Issuer, name, invoice.seller.get(name), getattr(issuer, name))
        yield DetailCorrection(_("Issuer: %(field)s") % {"field": row.label}, row.old, row.new)


def _compare(model: type[models.Model], name: str, old: Any, new: Any) -> DetailCorrection:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return DetailCorrection(str(field.verbose_name), _format_value(old), _format_value(new))


def _format_value(value: Any) -> str:
    return format_date(value) if isinstance(value, datetime.date) else str(value or "")
