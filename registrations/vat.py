"""VAT that prices include: rates in hundredths of a percent, amounts in cents. Pure."""

from .invoices.exemptions import EXEMPTIONS as REASONS

STANDARD = 2000
RATES = (2000, 1000, 550, 210, 0)
"""Those of France; 0 needs the reason why."""
EXEMPTIONS = [(exemption.code, exemption.mention) for exemption in REASONS.values()]


def vat_within(gross: int, rate: int) -> int:
    """The VAT that a gross amount includes, half a cent rounded up."""
    return (2 * gross * rate + 10_000 + rate) // (2 * (10_000 + rate))
