"""The account that a transfer came from, to which a refund goes back."""

from collections.abc import Collection
from dataclasses import dataclass

from registrations.invoices.formatting import format_iban
from registrations.invoices.models import Payment
from registrations.payments.models import BankLineAssignment


@dataclass(frozen=True)
class PayerAccount:
    """Payer and IBAN as the bank gave them, each "" where it is not known."""

    name: str = ""
    iban: str = ""

    def __str__(self) -> str:
        return " · ".join(filter(None, (self.name, format_iban(self.iban))))


def load_payer_accounts(payment_ids: Collection[int]) -> dict[int, PayerAccount]:
    """Return the accounts of the payments that came from bank lines, by the id of the payment."""
    rows = BankLineAssignment.objects.filter(payment__in=payment_ids).select_related("line")
    return {row.payment_id: PayerAccount(row.line.counterparty, row.line.payer_iban) for row in rows}


def describe_payer_account(payment: Payment) -> str:
    """Return the payer's name and IBAN, or "" for a payment without a bank line."""
    return str(load_payer_accounts([payment.pk]).get(payment.pk, ""))
