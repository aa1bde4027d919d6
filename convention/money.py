"""Money is an integer number of minor units (cents) with an ISO 4217 currency."""

from dataclasses import dataclass

from django.utils import formats, translation

NO_BREAK = "\u00a0"


@dataclass(frozen=True)
class Money:
    """An amount in minor units of a currency with two decimals."""

    amount: int
    currency: str = "EUR"

    def __str__(self) -> str:
        whole = formats.number_format(self.amount / 100, 0 if self.amount % 100 == 0 else 2)
        sign = "€" if self.currency == "EUR" else self.currency
        if translation.get_language() == "en" and sign == "€":
            return f"€{whole}"
        return f"{whole}{NO_BREAK}{sign}"
