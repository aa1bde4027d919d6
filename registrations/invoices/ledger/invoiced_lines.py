"""Queries that compare charges with issued lines, for lists of receivables.

They repeat `documents.invoiced_balance` in SQL; tests compare both.
"""

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, QuerySet, When

from registrations.invoices.models import Charge, Invoice, InvoiceLine, ReceivableQuerySet
from registrations.invoices.models.receivables import build_sum_subquery


def find_uninvoiced_charges() -> QuerySet[Charge]:
    """Return the charges owed that are on no document."""
    return Charge.objects.active().exclude(Exists(_find_remaining_lines().filter(charge=OuterRef("pk"))))


def find_undeducted_deposits() -> QuerySet[InvoiceLine]:
    """Return the lines of deposits that the next invoice deducts, each with its `receivable`."""
    deductions = _find_remaining_lines().filter(invoice__kind=Invoice.Kind.INVOICE, origin=OuterRef("pk"))
    deposits = _find_remaining_lines().filter(invoice__kind=Invoice.Kind.DEPOSIT)
    return deposits.exclude(Exists(deductions)).annotate(receivable=F("invoice__receivable"))


def _find_remaining_lines() -> QuerySet[InvoiceLine]:
    """Return the lines that no credit note reverses, without the reversing lines themselves."""
    credit = Invoice.Kind.CREDIT_NOTE
    credit_lines = InvoiceLine.objects.filter(invoice__kind=credit, origin=OuterRef("pk"))
    rows = InvoiceLine.objects.exclude(Exists(credit_lines))
    return rows.exclude(invoice__kind=credit, origin__isnull=False)


def _find_withdrawn_lines() -> QuerySet[InvoiceLine]:
    """Return the remaining lines of withdrawn charges, each with its `receivable` and `signed_amount`."""
    signed_amount = Case(
        When(invoice__kind=Invoice.Kind.CREDIT_NOTE, then=-F("amount")),
        default=F("amount"),
        output_field=BigIntegerField(),
    )
    return (
        _find_remaining_lines()
        .filter(charge__withdrawn_at__isnull=False)
        .annotate(receivable=F("invoice__receivable"), signed_amount=signed_amount)
    )


def annotate_cents_to_credit(rows: ReceivableQuerySet) -> ReceivableQuerySet:
    """Annotate `cents_to_credit`: invoiced and no longer due, as `InvoicedBalance` computes it."""
    is_deposit_excessive = Q(deposits__gt=0) & Q(deposits__gt=F("uninvoiced_charges"))
    excess_deposits = Case(
        When(is_deposit_excessive, then=F("deposits")), default=0, output_field=BigIntegerField()
    )
    # Few receivables have such lines; for all others the sums, a subquery each, are not computed.
    candidate_lines = InvoiceLine.objects.filter(
        Q(charge__withdrawn_at__isnull=False) | Q(invoice__kind=Invoice.Kind.DEPOSIT)
    )
    annotated: ReceivableQuerySet = rows.alias(
        withdrawn_lines=build_sum_subquery(_find_withdrawn_lines(), "signed_amount"),
        deposits=build_sum_subquery(find_undeducted_deposits(), "amount"),
        uninvoiced_charges=build_sum_subquery(find_uninvoiced_charges(), "amount"),
    ).annotate(
        cents_to_credit=Case(
            When(
                pk__in=candidate_lines.values("invoice__receivable"),
                then=F("withdrawn_lines") + excess_deposits,
            ),
            default=0,
            output_field=BigIntegerField(),
        )
    )
    return annotated
