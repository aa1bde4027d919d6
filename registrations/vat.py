"""VAT that prices include: rates in hundredths of a percent, amounts in cents. Pure."""

from django.utils.translation import gettext_lazy as _

STANDARD = 2000
RATES = (2000, 1000, 550, 210, 0)
"""Those of France; 0 needs the reason why."""
EXEMPTIONS = [
    # codes of the list VATEX of EN 16931
    ("VATEX-EU-132-1L", _("Exempt from VAT, article 261-4-9° of the French tax code (CGI)")),
    ("VATEX-EU-132-1I", _("Exempt from VAT, article 261-4-4° of the French tax code (CGI)")),
    ("VATEX-FR-FRANCHISE", _("VAT not applicable, article 293 B of the French tax code (CGI)")),
]


def vat_within(gross: int, rate: int) -> int:
    """The VAT that a gross amount includes, half a cent rounded up."""
    return (2 * gross * rate + 10_000 + rate) // (2 * (10_000 + rate))
