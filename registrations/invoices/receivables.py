"""What buyers owe, paid and got back: rows that only grow. Amounts are in cents, VAT included."""

import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.models import Event
from convention.money import Money
from convention.text import fold


def total_of(rows: models.QuerySet, amount: str) -> Coalesce:
    """The sum over rows of the receivable in hand, zero where there is none."""
    summed = rows.filter(receivable=models.OuterRef("pk")).order_by().values("receivable")
    return Coalesce(models.Subquery(summed.annotate(sum=Sum(amount)).values("sum")), 0)


class ReceivableQuerySet(models.QuerySet["Receivable"]):
    """Sets of receivables."""

    def with_balance(self) -> Self:
        """Each with what is `owed`, was `paid` and was `given_back`, in cents."""
        return self.annotate(
            owed=total_of(Charge.objects.standing(), "amount"),
            paid=total_of(Payment.objects.all(), "amount"),
            given_back=total_of(Refund.objects.standing(), "amount"),
        ).annotate(due=F("owed") - F("paid") + F("given_back"))


class Receivable(models.Model):
    """What one buyer owes for one thing, such as an order."""

    reference = models.CharField(_("reference"), max_length=40, unique=True)
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="+")
    subject = models.CharField(_("for"), max_length=300, blank=True)
    name = models.CharField(_("buyer"), max_length=300)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, default="FR")
    siren = models.CharField(_("SIREN"), max_length=9, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    purchase_order = models.CharField(_("purchase order"), max_length=60, blank=True)
    service_code = models.CharField(_("service code (Chorus Pro)"), max_length=100, blank=True)
    engagement_number = models.CharField(_("engagement number (Chorus Pro)"), max_length=50, blank=True)
    service_from = models.DateField(_("first day of the service"), null=True, blank=True)
    service_to = models.DateField(_("last day of the service"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    search = models.TextField(blank=True, editable=False)

    objects = ReceivableQuerySet.as_manager()

    class Meta:
        verbose_name = _("receivable")
        verbose_name_plural = _("receivables")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.reference

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep it, and keep it findable."""
        said = (self.reference, self.name, self.email, self.purchase_order, self.subject)
        self.search = fold(" ".join(said))
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "search"}
        super().save(*args, **kwargs)

    @property
    def buyer_label(self) -> str:
        """The buyer's name for lists and headings; the reference once the buyer was erased."""
        return self.name or self.reference

    def money(self, amount: int) -> Money:
        """An amount in its currency."""
        return Money(amount, self.currency)


def described(description: str, attendee: str) -> str:
    """Return the text of a line: what is owed, and for which attendee where there is one."""
    return f"{description}, {attendee}"[:300] if attendee else description


class ChargeQuerySet(models.QuerySet["Charge"]):
    """Sets of charges."""

    def standing(self) -> Self:
        """Those that are owed."""
        return self.filter(withdrawn_at__isnull=True)


class Charge(models.Model):
    """One thing owed. It never changes: another price is another charge, and the first is withdrawn.

    `waived_at` is when the treasurer credited it though it stands: at that price it is owed no more.
    `attendee` may change, unlike the description: it follows the registration that the key names, so that
    nobody's name stays here after a transfer or an erasure. An issued invoice has its own copy of both.
    """

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="charges")
    key = models.CharField(_("key"), max_length=120)
    description = models.CharField(_("description"), max_length=300)
    attendee = models.CharField(_("attendee"), max_length=300, blank=True, default="", db_default="")
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_price = models.IntegerField(_("unit price, in cents"))
    vat_rate = models.PositiveSmallIntegerField(_("VAT rate, in hundredths of a percent"))
    exemption = models.CharField(_("exemption"), max_length=30, blank=True)
    amount = models.BigIntegerField(_("amount, in cents"), editable=False)
    added_at = models.DateTimeField(pgettext_lazy("line", "added"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    waived_at = models.DateTimeField(null=True, editable=False)

    objects = ChargeQuerySet.as_manager()

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["receivable", "key"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_charge_per_key",
            ),
            models.CheckConstraint(name="charge_of_something", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="charge_adds_up", condition=Q(amount=F("quantity") * F("unit_price"))
            ),
            models.CheckConstraint(
                name="charge_exempt_without_vat",
                condition=Q(vat_rate=0) & ~Q(exemption="") | Q(vat_rate__gt=0, exemption=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receivable}, {self.description}"

    @property
    def text(self) -> str:
        """The description with the attendee's name, as a document shows it."""
        return described(self.description, self.attendee)


class Payout(models.Model):
    """A lump sum that the card processor sent to the bank: payments less refunds and fees.

    Below zero the processor took it from the bank. `settled` is what its payments come to, less their fees
    and what left again of them; `fees` are those that belong to no payment, as of a dispute. `sent_again` is
    what it holds of sums that the bank had sent back.
    """

    external_id = models.CharField(_("processor’s reference"), max_length=120, unique=True)
    amount = models.BigIntegerField(_("amount, in cents"))
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    arrived_on = models.DateField(pgettext_lazy("payout", "arrived"))
    settled = models.BigIntegerField(null=True, editable=False)
    fees = models.BigIntegerField(null=True, editable=False)
    sent_again = models.BigIntegerField(null=True, editable=False)
    failed_on = models.DateField(pgettext_lazy("payout", "sent back"), null=True, editable=False)
    bank_line = models.CharField(_("line of the bank statement"), max_length=140, blank=True)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["-arrived_on", "-pk"]

    def __str__(self) -> str:
        return self.external_id


class Payment(models.Model):
    """Money that came in. It never changes, but for the payout it arrived with and the fee that tells."""

    class Method(models.TextChoices):
        CARD = "card", _("card")
        SEPA_DEBIT = "sepa_debit", _("SEPA debit")
        TRANSFER = "transfer", _("bank transfer")
        CASH = "cash", _("cash")
        TEST = "test", _("test payment")

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="payments")
    method = models.CharField(_("method"), max_length=20, choices=Method.choices)
    amount = models.PositiveBigIntegerField(_("amount, in cents"))
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    received_on = models.DateField(_("received"))
    external_id = models.CharField(
        _("external reference"), max_length=120, null=True, blank=True, unique=True
    )
    fee = models.PositiveBigIntegerField(_("fee, in cents"), default=0)
    payout = models.ForeignKey(Payout, models.PROTECT, null=True, blank=True, related_name="payments")
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("recorded"), default=timezone.now)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["received_on", "pk"]
        constraints = [models.CheckConstraint(name="payment_of_something", condition=Q(amount__gt=0))]

    def __str__(self) -> str:
        return f"{self.receivable}, {self.get_method_display()}, {self.received_on}"

    @property
    def is_by_processor(self) -> bool:
        """Whether it reaches the bank in a lump sum."""
        return self.method in BY_PROCESSOR


BY_PROCESSOR = (Payment.Method.CARD, Payment.Method.SEPA_DEBIT, Payment.Method.TEST)


class RefundQuerySet(models.QuerySet["Refund"]):
    """Sets of refunds."""

    def standing(self) -> Self:
        """Those that left, or are about to."""
        return self.exclude(state=Refund.State.FAILED)

    def left(self) -> Self:
        """Those whose money left, though it may have come back."""
        return self.filter(Q(state=Refund.State.DONE) | Q(failed_on__isnull=False))


class Refund(models.Model):
    """Money that goes back by the way it came; `failed_on` is when money that had left came back."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        DONE = "done", pgettext_lazy("refund", "done")
        FAILED = "failed", _("failed")

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    amount = models.PositiveBigIntegerField(_("amount, in cents"))
    external_id = models.CharField(
        _("external reference"), max_length=120, null=True, blank=True, unique=True
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.REQUESTED)
    reason = models.CharField(_("reason"), max_length=300)
    refunded_on = models.DateField(_("given back"))
    failed_on = models.DateField(null=True, editable=False)
    payout = models.ForeignKey(Payout, models.PROTECT, null=True, blank=True, related_name="refunds")
    created_at = models.DateTimeField(_("recorded"), default=timezone.now)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["refunded_on", "pk"]
        constraints = [models.CheckConstraint(name="refund_of_something", condition=Q(amount__gt=0))]

    def __str__(self) -> str:
        return f"{self.payment}: {self.amount}"

    @property
    def moves(self) -> list[tuple[datetime.date, int]]:
        """The days on which its cents left, and came back below zero."""
        if self.failed_on:
            return [(self.refunded_on, self.amount), (self.failed_on, -self.amount)]
        return [(self.refunded_on, self.amount)] if self.state == self.State.DONE else []
