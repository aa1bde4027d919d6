"""The bank's statements: each line once, and for which order its money was taken."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.money import Money
from registrations.invoices.models import Payment, Payout, Receivable, Refund


class Statement(models.Model):
    """A file of the bank as it was imported."""

    name = models.CharField(_("file"), max_length=200)
    account = models.CharField(_("account"), max_length=34, blank=True)
    imported_at = models.DateTimeField(_("imported"), default=timezone.now)
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name


class BankLineQuerySet(models.QuerySet["BankLine"]):
    """Sets of lines."""

    def with_taken(self) -> Self:
        """Each with how many cents of it were `taken` for something."""
        standing = Q(assignments__undone_by__isnull=True)
        return self.annotate(taken=Coalesce(Sum("assignments__amount", filter=standing), 0))

    def open(self) -> Self:
        """Money that came in and of which nobody said what it is for."""
        rows = self.with_taken().filter(amount__gt=F("taken"), ignored_at__isnull=True, payout__isnull=True)
        return rows.order_by("-booked_on", "-pk")


class BankLine(models.Model):
    """A line of a statement; `amount` in cents is negative where money left."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="lines")
    fingerprint = models.CharField(max_length=64, unique=True)
    booked_on = models.DateField(pgettext_lazy("bank line", "booked"))
    amount = models.BigIntegerField(_("amount, in cents"))
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    party = models.CharField(pgettext_lazy("bank line", "from"), max_length=200, blank=True)
    text = models.CharField(_("communication"), max_length=500, blank=True)
    reference = models.CharField(_("structured reference"), max_length=140, blank=True)
    payout = models.OneToOneField(Payout, models.PROTECT, null=True, related_name="+")
    refund = models.OneToOneField(Refund, models.PROTECT, null=True, related_name="+")
    ignored_at = models.DateTimeField(_("set aside"), null=True)
    ignored_why = models.CharField(_("reason"), max_length=300, blank=True)

    objects = BankLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a bank statement")
        verbose_name_plural = _("lines of bank statements")
        ordering = ["-booked_on", "-pk"]
        indexes = [models.Index(fields=["-booked_on", "-id"], name="bank_line_by_day")]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.cost}"

    @property
    def cost(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount, self.currency)

    @property
    def words(self) -> str:
        """All that the payer wrote."""
        return f"{self.reference} {self.text}".strip()


class Assignment(models.Model):
    """Money of a line taken as a payment for something; undone by a counter-entry, never removed."""

    line = models.ForeignKey(BankLine, models.PROTECT, related_name="assignments")
    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="+")
    payment = models.OneToOneField(Payment, models.PROTECT, related_name="+")
    amount = models.PositiveBigIntegerField(_("amount, in cents"))
    made_at = models.DateTimeField(default=timezone.now)
    undone_by = models.OneToOneField(Refund, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.line}: {self.receivable}"

    @property
    def is_standing(self) -> bool:
        """Whether it was not undone."""
        return self.undone_by_id is None
