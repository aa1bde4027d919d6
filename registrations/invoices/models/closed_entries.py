"""Entries and VAT of a closed period, stored when it was closed and immutable from then on."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .documents import ImmutableModel
from .receivables import Receivable


class EntryRow(ImmutableModel):
    """Row of the FEC: one side of a journal entry. Rows of open days are computed and never saved.

    `account_role` is the name of the issuer's field that gave the account: amounts are compared by it,
    because the number may change. `amount` is a debit if positive, a credit if negative.
    """

    number = models.PositiveIntegerField(_("number of the entry"))
    booked_on = models.DateField(_("day of the entry"))
    journal = models.CharField(_("journal"), max_length=2)
    account_role = models.CharField(max_length=40)
    account = models.CharField(_("account"), max_length=12)
    account_label = models.CharField(_("account name"), max_length=200)
    # The receivable that the entry is about; on the customers' account, it is the customer's sub-account.
    receivable = models.ForeignKey(Receivable, models.PROTECT, null=True, blank=True, related_name="+")
    customer_reference = models.CharField(_("customer account"), max_length=40, blank=True)
    customer_name = models.CharField(_("buyer"), max_length=300, blank=True)
    document_reference = models.CharField(_("document"), max_length=120)
    documented_on = models.DateField(_("document date"))
    label = models.CharField(_("label"), max_length=300)
    amount = models.BigIntegerField(_("amount, in cents"))

    class Meta:
        verbose_name = _("closed accounting entry")
        verbose_name_plural = _("closed accounting entries")
        # The order of the file: entries by day and number, their rows as they were stored.
        ordering = ["booked_on", "number", "pk"]
        indexes = [models.Index(fields=["booked_on", "number"], name="entry_row_by_day")]

    def __str__(self) -> str:
        return f"{self.booked_on:%Y}/{self.number}, {self.account}"


class ClosedVatAmount(ImmutableModel):
    """VAT that became due on a day of a closed period, for one rate or exemption."""

    due_on = models.DateField(pgettext_lazy("VAT", "due"))
    vat_rate = models.PositiveSmallIntegerField(_("VAT rate, in hundredths of a percent"))
    exemption = models.CharField(_("exemption"), max_length=30, blank=True)
    net = models.BigIntegerField(_("without VAT, in cents"))
    vat = models.BigIntegerField(_("VAT, in cents"))

    class Meta:
        verbose_name = _("VAT of a closed period")
        verbose_name_plural = _("VAT of closed periods")
        ordering = ["due_on", "-vat_rate", "exemption"]
        constraints = [
            models.UniqueConstraint(
                fields=["due_on", "vat_rate", "exemption"], name="closed_vat_once_per_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.due_on}, {self.vat_rate}"
