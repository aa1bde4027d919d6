"""Bank transfer: what a buyer needs for one, in words and as a code that banking apps read (EPC069-12)."""

from dataclasses import dataclass

from django.utils.safestring import SafeString
from stdnum import iban

from convention.creditor_reference import squeezed
from convention.money import Money
from convention.qr import svg
from registrations.bill import left_of
from registrations.invoices.models import Issuer
from registrations.models import Order

MOST_NAME = 70
MOST_EURO_CENTS = 99_999_999_999


@dataclass(frozen=True)
class Transfer:
    """A transfer to be made: to whom, how much, and the reference that tells what for."""

    name: str
    iban: str
    bic: str
    amount: Money
    reference: str

    @property
    def spaced_iban(self) -> str:
        """The account in blocks of four."""
        return str(iban.format(self.iban))

    @property
    def code(self) -> str:
        """The text of the QR code: version 002, UTF-8, SEPA credit transfer, structured reference."""
        cents = self.amount.amount
        return "\n".join(
            [
                "BCD",
                "002",
                "1",
                "SCT",
                self.bic,
                self.name[:MOST_NAME],
                self.iban,
                f"EUR{cents // 100}.{cents % 100:02}",
                "",
                squeezed(self.reference),
                "",
            ]
        ).rstrip("\n")

    @property
    def has_code(self) -> bool:
        """Whether it can be said in such a code: in euros, and something."""
        return self.amount.currency == "EUR" and 0 < self.amount.amount <= MOST_EURO_CENTS

    @property
    def drawing(self) -> SafeString:
        """The code, drawn."""
        return svg(self.code, size=220)


def transfer_for(order: Order) -> Transfer | None:
    """How an order is paid by transfer; None where the club's account is not known or nothing is due so."""
    issuer = Issuer.current()
    due = left_of(order)
    if issuer is None or not issuer.iban or due.amount <= 0 or order.is_provisional:
        return None
    return Transfer(
        name=issuer.legal_name,
        iban=squeezed(issuer.iban),
        bic=squeezed(issuer.bic),
        amount=due,
        reference=order.creditor_reference,
    )
