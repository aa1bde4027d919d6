"""The account that a transfer came from, to which a refund goes back."""

from registrations.invoices.formatting import format_iban
from registrations.invoices.models import Payment
from registrations.payments.models import BankLineAssignment


def describe_payer_account(payment: Payment) -> str:
    """Return the payer's name and IBAN as the bank gave them, or "" for a payment without a bank line."""
    assignment = BankLineAssignment.objects.filter(payment=payment).select_related("line").first()
    if assignment is None:
        return ""
    line = assignment.line
    return " · ".join(filter(None, (line.counterparty, format_iban(line.payer_iban))))
