"""Money is an integer number of minor units (cents) with an ISO 4217 currency."""

from dataclasses import dataclass

from django.utils import formats, translation

NO_BREAK = "\u00a0"
MINUS = "\u2212"


@dataclass(frozen=True)
class Money:
    """An amount in minor units of a currency with two decimals."""

    amount: int
    currency: str = "EUR"

    def __str__(self) -> str:
        whole = formats.number_format(abs(self.amount) / 100, 0 if self.amount % 100 == 0 else 2)
        minus = MINUS if self.amount < 0 else ""
        sign = "€" if self.currency == "EUR" else self.currency
        if translation.get_language() == "en" and sign == "€":
            return f"{minus}€{whole}"
        return f"{minus}{whole}{NO_BREAK}{sign}"
