"""Why no VAT is charged: the code in an electronic invoice, and the sentence that the law asks for."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Exemption:
    """A reason, as shown to the treasurer and as written on an invoice."""

    code: str
    """Of the code list VATEX of EN 16931."""
    name: str | Promise
    mention: str | Promise


DUES: Final = "VATEX-EU-132-1L"
TRAINING: Final = "VATEX-EU-132-1I"
SMALL_BUSINESS: Final = "VATEX-FR-FRANCHISE"

EXEMPTIONS: Final = {
    exemption.code: exemption
    for exemption in (
        Exemption(
            DUES, _("dues of members"), _("Exempt from VAT, article 261-4-9° of the French tax code (CGI)")
        ),
        Exemption(
            TRAINING, _("training"), _("Exempt from VAT, article 261-4-4° of the French tax code (CGI)")
        ),
        Exemption(
            SMALL_BUSINESS,
            _("below the threshold"),
            _("VAT not applicable, article 293 B of the French tax code (CGI)"),
        ),
    )
}
