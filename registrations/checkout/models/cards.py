"""Payment by card: each attempt of a buyer, what Stripe told, quarrels, and the lines of its payouts."""

import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.money import Money
from registrations.invoices.models import Payment, Payout, Refund
from registrations.models import Order

DISPUTE_STATES = {
    "warning_needs_response": _("inquiry to answer"),
    "warning_under_review": _("inquiry answered"),
    "warning_closed": _("inquiry closed"),
    "needs_response": _("to answer"),
    "under_review": _("answered"),
    "prevented": _("prevented"),
    "won": _("won"),
    "lost": _("lost"),
}
DISPUTE_REASONS = {
    "fraudulent": _("the holder says the payment was not theirs"),
    "duplicate": _("the holder says they paid twice"),
    "credit_not_processed": _("the holder misses a refund"),
    "product_not_received": _("the holder says they got nothing"),
    "unrecognized": _("the holder does not recognize the payment"),
}
OPEN_DISPUTES = ("warning_needs_response", "warning_under_review", "needs_response", "under_review")


class AttemptQuerySet(models.QuerySet["Attempt"]):
    """Sets of attempts."""

    def unsettled(self) -> Self:
        """Those of which it is not known yet whether they paid."""
        return self.filter(payment__isnull=True, closed_at__isnull=True)


class Attempt(models.Model):
    """One attempt to pay an order by card: a Checkout Session of Stripe, or a payment of the demo.

    It is stored before Stripe is asked; `session_id` comes with the answer. A debit (SEPA) is completed
    first, and paid or refused some days later.
    """

    class State(models.TextChoices):
        OPEN = "open", _("begun")
        UNDER_WAY = "under_way", _("the bank is working on it")
        PAID = "paid", pgettext_lazy("attempt", "paid")
        CLOSED = "closed", _("not paid")

    order = models.ForeignKey(Order, models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    amount = models.PositiveIntegerField(_("amount, in cents"))
    currency = models.CharField(max_length=3)
    key = models.CharField(max_length=60, unique=True)
    session_id = models.CharField(max_length=120, unique=True, null=True)
    opened_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="+")

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("card payment")
        verbose_name_plural = _("card payments")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="attempt_number_once_per_order")
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(payment__isnull=True, closed_at__isnull=True),
                name="attempt_unsettled",
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def state(self) -> str:
        """Derived from the dates."""
        if self.payment_id:
            return self.State.PAID
        if self.closed_at:
            return self.State.CLOSED
        return self.State.UNDER_WAY if self.completed_at else self.State.OPEN

    def get_state_display(self) -> str:
        """The state in words."""
        return str(self.State(self.state).label)

    @property
    def cost(self) -> Money:
        """What is to be paid, with its currency."""
        return Money(self.amount, self.currency)

    def lasts(self, *, at: datetime.datetime) -> bool:
        """Whether a buyer who is led to it at that time can still pay."""
        return self.state == self.State.OPEN and self.expires_at > at + datetime.timedelta(minutes=2)


class StripeEvent(models.Model):
    """Something that Stripe told, once: what it was about, and nothing of its content."""

    event_id = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=120, blank=True)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("event of Stripe")
        verbose_name_plural = _("events of Stripe")
        ordering = ["-happened_at", "-pk"]
        indexes = [
            models.Index(fields=["received_at"], condition=Q(done_at__isnull=True), name="stripe_event_waits")
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.kind}"


class StripeRefund(models.Model):
    """Stripe's name for a refund of ours."""

    refund = models.OneToOneField(Refund, models.CASCADE, related_name="+")
    stripe_id = models.CharField(max_length=120, unique=True)

    class Meta:
        verbose_name = _("refund at Stripe")
        verbose_name_plural = _("refunds at Stripe")

    def __str__(self) -> str:
        return self.stripe_id


class Dispute(models.Model):
    """A buyer's bank wants a payment back: the money is withheld until it is decided."""

    external_id = models.CharField(max_length=120, unique=True)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="+")
    amount = models.PositiveBigIntegerField(_("amount, in cents"))
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    status = models.CharField(max_length=40)
    answer_by = models.DateTimeField(_("answer by"), null=True)
    opened_at = models.DateTimeField(_("opened"))

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-opened_at", "-pk"]

    def __str__(self) -> str:
        return self.external_id

    @property
    def is_open(self) -> bool:
        """Whether it is not decided yet."""
        return self.status in OPEN_DISPUTES

    def get_status_display(self) -> str:
        """The state in words; one of Stripe's that we do not know, in Stripe's."""
        return str(DISPUTE_STATES.get(self.status, self.status))

    def get_reason_display(self) -> str:
        """The reason in words, or in Stripe's."""
        return str(DISPUTE_REASONS.get(self.reason, self.reason))

    @property
    def cost(self) -> Money:
        """What is withheld, with its currency."""
        return Money(self.amount, self.payment.currency)


class BalanceLine(models.Model):
    """A line of a payout as Stripe accounts for it: gross, fee, and what it is about."""

    external_id = models.CharField(max_length=120, unique=True)
    payout = models.ForeignKey(Payout, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    gross = models.BigIntegerField()
    fee = models.BigIntegerField()
    source_id = models.CharField(max_length=120, blank=True)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("line of a payout")
        verbose_name_plural = _("lines of payouts")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.external_id

    @property
    def net(self) -> int:
        """What reaches the bank of it, in cents."""
        return self.gross - self.fee
