"""Issue the invoice of what is owed and not invoiced yet, or of a deposit on it."""

import datetime
from collections import defaultdict

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from convention.errors import ConventionError

from .amounts import allotted
from .documents import DraftLine, Heading, NothingToIssue, write
from .keep import keep
from .models import Invoice, Receivable
from .owe import locked
from .saying import say_rate
from .standing import lines_to_invoice, standing_of


class BadDeposit(ConventionError):
    """A deposit is a part of what is owed."""

    kind = "bad-deposit"


@transaction.atomic
def issue(*, receivable: Receivable, on: datetime.date | None = None) -> Invoice:
    """Invoice what is owed and not invoiced yet, less deposits. Raises NothingToIssue, NoIssuer."""
    receivable = locked(receivable)
    document = write(receivable, Heading(Invoice.Kind.INVOICE), lines_to_invoice(receivable), on)
    return keep(document)


@transaction.atomic
def issue_deposit(*, receivable: Receivable, amount: int, on: datetime.date | None = None) -> Invoice:
    """Invoice cents, with VAT, ahead of what is owed; the later invoice deducts them. Raises BadDeposit."""
    receivable = locked(receivable)
    standing = standing_of(receivable)
    by_rate: dict[tuple[int, str], int] = defaultdict(int)
    for charge in standing.uninvoiced:
        by_rate[charge.vat_rate, charge.exemption] += charge.amount
    for line in standing.undeducted:
        by_rate[line.vat_rate, line.exemption] -= line.amount
    parts = {rate: part for rate, part in by_rate.items() if part > 0}
    if not 0 < amount <= sum(parts.values()):
        left = receivable.money(sum(parts.values()))
        raise BadDeposit(_("A deposit is a part of what is left to invoice: %(left)s.") % {"left": left})
    shares = allotted(amount, list(parts.values()))
    with translation.override(receivable.language):
        lines = [
            DraftLine(deposit_on(receivable, rate), 1, share, rate, exemption)
            for (rate, exemption), share in zip(parts, shares, strict=True)
            if share
        ]
    return keep(write(receivable, Heading(Invoice.Kind.DEPOSIT), lines, on))


def deposit_on(receivable: Receivable, rate: int) -> str:
    """How a line names a deposit."""
    what = receivable.subject or receivable.reference
    return _("Deposit on %(what)s, VAT at %(rate)s") % {"what": what, "rate": say_rate(rate)}


def invoice_of(receivable: Receivable) -> Invoice:
    """The latest invoice, issued now if something is left to invoice. Raises NothingToIssue, NoIssuer."""
    try:
        return issue(receivable=receivable)
    except NothingToIssue:
        last = receivable.invoices.exclude(kind=Invoice.Kind.CREDIT_NOTE).last()
        if last is None:
            raise
        return last
