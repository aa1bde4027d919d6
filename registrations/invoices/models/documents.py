"""Issued documents: numbered without gaps and immutable, by these classes and by database triggers."""

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


class NumberSeries(models.Model):
    """Last number of one series in one year; its row is locked while the next number is assigned."""

    code = models.CharField(_("series"), max_length=4)
    year = models.PositiveSmallIntegerField(_("year"))
    last_number = models.PositiveIntegerField(_("last number"), default=0)
    last_issued_on = models.DateField(_("given"), null=True, blank=True)

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")
        constraints = [models.UniqueConstraint(fields=["code", "year"], name="series_once_per_year")]

    def __str__(self) -> str:
        return f"{self.code}{self.year}"


class ImmutableRowError(TypeError):
    """Raised on an attempt to change or delete a row that the law protects."""


class ImmutableQuerySet[M: models.Model](models.QuerySet[M]):
    """Query set that refuses `update` and `delete`."""

    def update(self, **_kwargs: Any) -> int:
        """Raise ImmutableRowError."""
        # Queries bypass save(), so both are refused; the triggers refuse raw SQL.
        raise ImmutableRowError("What was issued is never changed: issue a credit note.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Raise ImmutableRowError."""
        raise ImmutableRowError("What was issued is never removed: issue a credit note.")


class ImmutableModel(models.Model):
    """Base of rows that are inserted once and never changed; triggers enforce the same."""

    objects = ImmutableQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row. Raise ImmutableRowError if it is stored already."""
        if not self._state.adding:
            raise ImmutableRowError("What was issued is never changed: issue a credit note.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Raise ImmutableRowError."""
        raise ImmutableRowError("What was issued is never removed: issue a credit note.")


class Invoice(ImmutableModel):
    """Invoice, deposit invoice or credit note as issued; seller, buyer and amounts are snapshots.

    There are no drafts: until it is issued, a document is computed from the charges and has no number.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        DEPOSIT = "deposit", _("deposit invoice")
        CREDIT_NOTE = "credit_note", _("credit note")

    # PROTECT everywhere: nothing that a document refers to can be deleted.
    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="invoices")
    kind = models.CharField(_("type"), max_length=12, choices=Kind.choices)
    series = models.CharField(_("series"), max_length=4)
    year = models.PositiveSmallIntegerField(_("year"))
    sequence = models.PositiveIntegerField(_("number in the series"))
    # Stored as printed: the pattern may change later.
    number = models.CharField(_("number"), max_length=20, unique=True)
    origin = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_notes",
        verbose_name=_("credited invoice"),
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    seller = models.JSONField(_("seller"))
    buyer = models.JSONField(_("buyer"))
    # Copy of `buyer["name"]`, for lists and FEC.
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
    # A trigger refuses lines beyond it.
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
        return self.kind == self.Kind.CREDIT_NOTE

    @property
    def sign(self) -> int:
        """Return 1 for a document that asks for money, -1 for a credit note."""
        return -1 if self.is_credit_note else 1

    def as_money(self, amount: int) -> Money:
        return Money(amount, self.currency)


class InvoiceLine(ImmutableModel):
    """Line of an issued document; `origin` is the line it credits, or the deposit line it deducts."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField(_("position"))
    # Null for deposits and their deductions.
    charge = models.ForeignKey(Charge, models.PROTECT, null=True, blank=True, related_name="lines")
    origin = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="credited_by")
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


class InvoicePdf(ImmutableModel):
    """Factur-X PDF of an issued document, rendered once and stored."""

    invoice = models.OneToOneField(Invoice, models.PROTECT, related_name="pdf")
    content = models.BinaryField(editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("PDF")
        verbose_name_plural = _("PDFs")

    def __str__(self) -> str:
        return str(self.invoice)


class Reminder(models.Model):
    """Reminder sent for an invoice; each step is sent once."""

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


class InvoiceMail(models.Model):
    """E-mail with an issued document; "Send again" adds another one.

    The document itself is frozen, so that its mails are rows of their own.
    """

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="mails")
    requested_at = models.DateTimeField(pgettext_lazy("invoice", "requested"), default=timezone.now)
    sent_at = models.DateTimeField(pgettext_lazy("invoice", "sent"), null=True, blank=True)
    # The mail server refused the address for good.
    refused_at = models.DateTimeField(pgettext_lazy("invoice", "refused"), null=True, blank=True)

    class Meta:
        verbose_name = _("invoice e-mail")
        verbose_name_plural = _("invoice e-mails")
        ordering = ["-requested_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.invoice}, {self.requested_at:%Y-%m-%d}"
