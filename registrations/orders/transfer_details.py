"""Details of a bank transfer to the club, as text and as an EPC069-12 QR code for banking apps."""

from dataclasses import dataclass

from django.utils.safestring import SafeString
from stdnum import iban

from convention.codes.qr import draw_svg_symbol
from convention.money import Money, compact_reference
from registrations.billing.receivables import calculate_balance
from registrations.invoices.models import Issuer
from registrations.models import Order

# Limits of EPC069-12: 70 characters, 999,999,999.99 euros.
MAX_NAME_LENGTH = 70
MAX_TRANSFER_CENTS = 99_999_999_999


@dataclass(frozen=True)
class TransferDetails:
    """Transfer to make: beneficiary, account, amount and reference."""

    name: str
    iban: str
    bic: str
    amount: Money
    reference: str

    @property
    def spaced_iban(self) -> str:
        """Return the IBAN in blocks of four."""
        return str(iban.format(self.iban))

    @property
    def epc_text(self) -> str:
        """Return the QR code's text: version 002, UTF-8, SCT, structured reference."""
        cents = self.amount.amount
        return "\n".join(
            [
                "BCD",
                "002",
                "1",
                "SCT",
                self.bic,
                self.name[:MAX_NAME_LENGTH],
                self.iban,
                f"EUR{cents // 100}.{cents % 100:02}",
                "",
                compact_reference(self.reference),
                "",
            ]
        ).rstrip("\n")

    @property
    def has_epc_code(self) -> bool:
        """Return whether the standard can express it: in euros and within its limits."""
        return self.amount.currency == "EUR" and 0 < self.amount.amount <= MAX_TRANSFER_CENTS

    @property
    def qr_svg(self) -> SafeString:
        return draw_svg_symbol(self.epc_text, size=220)


def has_bank_details() -> bool:
    """Return whether the account for transfers is known."""
    issuer = Issuer.get_current()
    return bool(issuer and issuer.iban)


def get_transfer_details(order: Order) -> TransferDetails | None:
    """Return how to pay an order by transfer; None if nothing is due or there is no account."""
    issuer = Issuer.get_current()
    due = calculate_balance(order)
    # A provisional order is paid by card, or lapses before a transfer would arrive.
    if issuer is None or not issuer.iban or due.amount <= 0 or order.is_confirmed_later:
        return None
    return TransferDetails(
        name=issuer.legal_name,
        iban=compact_reference(issuer.iban),
        bic=compact_reference(issuer.bic),
        amount=due,
        reference=order.creditor_reference,
    )
