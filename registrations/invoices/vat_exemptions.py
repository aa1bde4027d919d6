"""VAT exemptions: the code used in electronic invoices and the legal text printed on them."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class VatExemption:
    """Exemption with its label for forms and its legal text for documents."""

    # Code of the list VATEX of EN 16931.
    code: str
    label: str | Promise
    legal_text: str | Promise
    # Category of UNTDID 5305.
    category: str = "E"


# Directive 2006/112/EC, article 132(1), points (l) and (i), as transposed by the articles of the CGI below.
DUES_EXEMPTION: Final = "VATEX-EU-132-1L"
TRAINING_EXEMPTION: Final = "VATEX-EU-132-1I"
SMALL_BUSINESS_EXEMPTION: Final = "VATEX-FR-FRANCHISE"
# A business in another EU state declares the VAT on the service itself (article 196 of the directive).
REVERSE_CHARGE: Final = "VATEX-EU-AE"

VAT_EXEMPTIONS: Final = {
    exemption.code: exemption
    for exemption in (
        VatExemption(
            DUES_EXEMPTION,
            _("membership dues"),
            _("Exempt from VAT, article 261-4-9° of the French tax code (CGI)"),
        ),
        VatExemption(
            TRAINING_EXEMPTION,
            _("training"),
            _("Exempt from VAT, article 261-4-4° of the French tax code (CGI)"),
        ),
        VatExemption(
            SMALL_BUSINESS_EXEMPTION,
            _("below the VAT threshold"),
            _("VAT not applicable, article 293 B of the French tax code (CGI)"),
        ),
        VatExemption(
            REVERSE_CHARGE,
            _("reverse charge, business in another EU country"),
            _(
                "Reverse charge: VAT payable by the customer, article 283-2 of the French tax code (CGI), "
                "article 196 of Directive 2006/112/EC"
            ),
            category="AE",
        ),
    )
}
# What an item for sale may have: the reverse charge depends on the buyer.
VAT_EXEMPTION_CHOICES: Final = [
    (exemption.code, exemption.legal_text)
    for exemption in VAT_EXEMPTIONS.values()
    if exemption.code != REVERSE_CHARGE
]


def get_vat_category(vat_rate: int, exemption: str) -> str:
    """Return S (standard rate), E (exempt) or AE (reverse charge)."""
    if vat_rate:
        return "S"
    return VAT_EXEMPTIONS[exemption].category if exemption else "E"
