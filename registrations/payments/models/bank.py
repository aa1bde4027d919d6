"""Bank statements: each line stored once, and its assignments to what was paid."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.money import Money
from registrations.invoices.models import Payment, Payout, Receivable, Refund


class BankStatement(models.Model):
    """Imported file."""

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


class BankLineState(models.TextChoices):
    """How far a statement line is dealt with; a returned payment without a refund is to be reviewed."""

    TO_REVIEW = "to_review", _("to review")
    ASSIGNED = "assigned", pgettext_lazy("bank line", "assigned")
    CARD_PAYMENTS = "card_payments", _("card payments")
    REFUND = "refund", pgettext_lazy("bank line", "refund")
    DEBIT = "debit", _("debit")
    SET_ASIDE = "set_aside", _("set aside")


class BankLineQuerySet(models.QuerySet["BankLine"]):
    """Query set of statement lines."""

    def with_assigned_amount(self) -> Self:
        """Annotate `assigned_amount` in cents; undone assignments do not count."""
        is_active = Q(assignments__reversal_refund__isnull=True)
        return self.annotate(assigned_amount=Coalesce(Sum("assignments__amount", filter=is_active), 0))

    def with_state(self) -> Self:
        """Annotate `state`, one of `BankLineState`, and `assigned_amount`."""
        state = Case(
            When(ignored_at__isnull=False, then=Value(BankLineState.SET_ASIDE)),
            When(payout__isnull=False, then=Value(BankLineState.CARD_PAYMENTS)),
            When(refund__isnull=False, then=Value(BankLineState.REFUND)),
            When(amount__lt=0, is_reversal=False, then=Value(BankLineState.DEBIT)),
            When(amount__gte=0, amount__lte=F("assigned_amount"), then=Value(BankLineState.ASSIGNED)),
            default=Value(BankLineState.TO_REVIEW),
        )
        return self.with_assigned_amount().annotate(state=state).order_by("-booked_on", "-pk")

    def in_state(self, *states: str) -> Self:
        """Return the lines with one of these states, the latest first."""
        return self.with_state().filter(state__in=states)

    def needing_decision(self) -> Self:
        """Return credits not fully assigned and returned payments without a refund, unless set aside."""
        return self.in_state(BankLineState.TO_REVIEW)


class BankLine(models.Model):
    """Statement line; `amount` in cents is negative for a debit."""

    statement = models.ForeignKey(BankStatement, models.PROTECT, related_name="lines")
    # A statement imported twice, or two overlapping ones, store each line once.
    fingerprint = models.CharField(max_length=64, unique=True)
    booked_on = models.DateField(pgettext_lazy("bank line", "booked"))
    amount = models.BigIntegerField(_("amount, in cents"))
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    counterparty = models.CharField(pgettext_lazy("bank line", "from"), max_length=200, blank=True)
    # Where a refund by transfer goes; only CAMT files name it.
    payer_iban = models.CharField(_("payer’s IBAN"), max_length=34, blank=True)
    text = models.CharField(_("communication"), max_length=500, blank=True)
    reference = models.CharField(_("structured reference"), max_length=140, blank=True)
    # The bank took an earlier booking back: a debit is then a payment that was returned.
    is_reversal = models.BooleanField(default=False, editable=False)
    # One-to-one: a payout reaches the bank in one line.
    payout = models.OneToOneField(Payout, models.PROTECT, null=True, related_name="+")
    refund = models.OneToOneField(Refund, models.PROTECT, null=True, related_name="+")
    ignored_at = models.DateTimeField(_("set aside"), null=True)
    ignore_reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = BankLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank statement line")
        verbose_name_plural = _("bank statement lines")
        ordering = ["-booked_on", "-pk"]
        indexes = [models.Index(fields=["-booked_on", "-id"], name="bank_line_by_day")]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount_money}"

    @property
    def amount_money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def state_label(self) -> str:
        """Return in words the state that `with_state` annotated."""
        return str(BankLineState(self.state).label)  # type: ignore[attr-defined]  # `with_state` adds it

    @property
    def is_open_debit(self) -> bool:
        """Return whether it is a debit that may still be matched to a refund or a payout."""
        is_matched = self.refund_id is not None or self.payout_id is not None
        return self.amount < 0 and not is_matched and self.ignored_at is None

    @property
    def payer_text(self) -> str:
        """Return reference and text together."""
        return f"{self.reference} {self.text}".strip()

    @property
    def payer_label(self) -> str:
        """Return the payer, or the text where the bank has no column for the payer."""
        return self.counterparty or self.payer_text or "—"


class BankLineAssignment(models.Model):
    """Part of a line recorded as a payment; undone by a refund, never deleted."""

    line = models.ForeignKey(BankLine, models.PROTECT, related_name="assignments")
    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="+")
    # One-to-one, so that undoing one assignment refunds one whole payment.
    payment = models.OneToOneField(Payment, models.PROTECT, related_name="+")
    amount = models.PositiveBigIntegerField(_("amount, in cents"))
    created_at = models.DateTimeField(default=timezone.now)
    # The refund that reverses the assignment; its amount can be assigned again.
    reversal_refund = models.OneToOneField(Refund, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.line}: {self.receivable}"

    @property
    def is_active(self) -> bool:
        return self.reversal_refund_id is None
