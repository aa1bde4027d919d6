"""What is sold with VAT: the rate, or why there is none."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..vat import EXEMPTIONS, STANDARD

EXEMPT_WITHOUT_VAT = Q(vat_rate=0) & ~Q(vat_exemption="") | Q(vat_rate__gt=0, vat_exemption="")
"""What the database holds true of everything that is sold: a rate of 0 says why, and no other does."""


class Taxed(models.Model):
    """Something that is sold; its price includes the VAT, whose rate is in hundredths of a percent."""

    vat_rate = models.PositiveSmallIntegerField(_("VAT rate"), default=STANDARD, db_default=STANDARD)
    vat_exemption = models.CharField(
        _("reason for no VAT"),
        max_length=30,
        blank=True,
        default="",
        db_default="",
        choices=EXEMPTIONS,
    )

    class Meta:
        abstract = True
