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


# Directive 2006/112/EC, article 132(1), points (l) and (i), as transposed by the articles of the CGI below.
DUES_EXEMPTION: Final = "VATEX-EU-132-1L"
TRAINING_EXEMPTION: Final = "VATEX-EU-132-1I"
SMALL_BUSINESS_EXEMPTION: Final = "VATEX-FR-FRANCHISE"

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
    )
}
VAT_EXEMPTION_CHOICES: Final = [
    (exemption.code, exemption.legal_text) for exemption in VAT_EXEMPTIONS.values()
]
