"""Invoices, deposits and credit notes: numbered without gaps, unchangeable once issued (triggers.py)."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.money import Money

from .issuers import Issuer as Issuer
from .quotations import Quotation as Quotation
from .receivables import Charge as Charge
from .receivables import Payment as Payment
from .receivables import Payout as Payout
from .receivables import Receivable as Receivable
from .receivables import Refund as Refund


class Series(models.Model):
    """The last number given in one series of one year; locked while the next is given."""

    code = models.CharField(_("series"), max_length=4)
    year = models.PositiveSmallIntegerField(_("year"))
    last = models.PositiveIntegerField(_("last number"), default=0)
    last_on = models.DateField(_("given"), null=True, blank=True)

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")
        constraints = [models.UniqueConstraint(fields=["code", "year"], name="series_once_per_year")]

    def __str__(self) -> str:
        return f"{self.code}{self.year}"


class Unchangeable(TypeError):
    """A program tried to change what the law forbids to change."""


class IssuedQuerySet[M: models.Model](models.QuerySet[M]):
    """Rows to be read; the acts of this app alone add to them, and nobody changes or removes any."""

    def update(self, **_kwargs: Any) -> int:
        """Nobody rewrites them."""
        raise Unchangeable("What was issued is never changed: issue a credit note.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Nobody removes them."""
        raise Unchangeable("What was issued is never removed: issue a credit note.")


class Issued(models.Model):
    """A row that is added and then stays as it is; the database refuses too (triggers.py)."""

    objects = IssuedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add it, once."""
        if not self._state.adding:
            raise Unchangeable("What was issued is never changed: issue a credit note.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Nobody removes it."""
        raise Unchangeable("What was issued is never removed: issue a credit note.")


class Invoice(Issued):
    """An invoice, a deposit or a credit note as it was issued: who, what and how much are snapshots.

    What is not issued has no row here and no number: it is a `Draft` (drafts.py), drawn from what is owed.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        DEPOSIT = "deposit", _("deposit invoice")
        CREDIT_NOTE = "credit_note", _("credit note")

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="invoices")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    series = models.CharField(_("series"), max_length=4)
    year = models.PositiveSmallIntegerField(_("year"))
    sequence = models.PositiveIntegerField(_("number in the series"))
    number = models.CharField(_("number"), max_length=20, unique=True)
    origin = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="credit_notes", verbose_name=_("credits")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    seller = models.JSONField(_("seller"))
    buyer = models.JSONField(_("buyer"))
    buyer_name = models.CharField(_("buyer"), max_length=300)
    details = models.JSONField(_("references, period and sentences"))
    taxes = models.JSONField(_("totals per rate"))
    language = models.CharField(_("language"), max_length=5)
    currency = models.CharField(_("currency"), max_length=3)
    issued_on = models.DateField(_("issued"))
    due_on = models.DateField(_("due"))
    net = models.BigIntegerField(_("without VAT, in cents"))
    vat = models.BigIntegerField(_("VAT, in cents"))
    total = models.BigIntegerField(_("total, in cents"))
    line_count = models.PositiveSmallIntegerField(_("lines"))
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["issued_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["series", "year", "sequence"], name="invoice_number_once"),
            models.CheckConstraint(name="invoice_adds_up", condition=Q(total=F("net") + F("vat"))),
            models.CheckConstraint(
                name="credit_note_has_origin",
                condition=Q(kind="credit_note", origin__isnull=False) & ~Q(reason="")
                | ~Q(kind="credit_note") & Q(origin__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_credit_note(self) -> bool:
        """Whether it takes back what another invoice asked for."""
        return self.kind == self.Kind.CREDIT_NOTE

    @property
    def sign(self) -> int:
        """1 where it asks for money, -1 where it takes that back."""
        return -1 if self.is_credit_note else 1

    def money(self, amount: int) -> Money:
        """An amount in its currency."""
        return Money(amount, self.currency)


class Line(Issued):
    """A line of an issued invoice; `origin` is the line that it credits, or the deposit that it deducts."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField(_("position"))
    charge = models.ForeignKey(Charge, models.PROTECT, null=True, blank=True, related_name="lines")
    origin = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="answers")
    description = models.CharField(_("description"), max_length=400)
    quantity = models.IntegerField(_("quantity"))
    vat_rate = models.PositiveSmallIntegerField(_("VAT rate, in hundredths of a percent"))
    exemption = models.CharField(_("exemption"), max_length=30, blank=True)
    amount = models.BigIntegerField(_("amount, in cents"))
    net = models.BigIntegerField(_("without VAT, in cents"))

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="line_position_once")]

    def __str__(self) -> str:
        return f"{self.invoice}, {self.position}"


class Paper(Issued):
    """An issued invoice as the buyer gets it: its Factur-X PDF, drawn once and kept."""

    invoice = models.OneToOneField(Invoice, models.PROTECT, related_name="paper")
    content = models.BinaryField(editable=False)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("PDF")
        verbose_name_plural = _("PDFs")

    def __str__(self) -> str:
        return str(self.invoice)


class Reminder(models.Model):
    """A reminder that was sent: each step of an invoice once."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="reminders")
    step = models.SmallIntegerField(_("days after the due date"))
    sent_at = models.DateTimeField(pgettext_lazy("reminder", "sent"), default=timezone.now)

    class Meta:
        verbose_name = pgettext_lazy("invoice", "reminder")
        verbose_name_plural = pgettext_lazy("invoice", "reminders")
        ordering = ["sent_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["invoice", "step"], name="reminder_once_per_step")]

    def __str__(self) -> str:
        return f"{self.invoice}, {self.step}"
