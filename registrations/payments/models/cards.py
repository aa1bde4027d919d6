"""Card payments: attempts, Stripe events, refunds, disputes and payout lines."""

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

DISPUTE_STATE_LABELS = {
    "warning_needs_response": _("inquiry: response needed"),
    "warning_under_review": _("inquiry: response sent"),
    "warning_closed": _("inquiry: closed"),
    "needs_response": _("response needed"),
    "under_review": _("response sent"),
    "prevented": _("prevented"),
    "won": _("won"),
    "lost": _("lost"),
}
DISPUTE_REASON_LABELS = {
    "fraudulent": _("the cardholder says they did not make the payment"),
    "duplicate": _("the cardholder says they paid twice"),
    "credit_not_processed": _("the cardholder is waiting for a refund"),
    "product_not_received": _("the cardholder says they received nothing"),
    "unrecognized": _("the cardholder does not recognize the payment"),
}
OPEN_DISPUTE_STATUSES = ("warning_needs_response", "warning_under_review", "needs_response", "under_review")


class CardPaymentAttemptQuerySet(models.QuerySet["CardPaymentAttempt"]):
    """Query set of attempts."""

    def unsettled(self) -> Self:
        """Return the attempts whose outcome is not known yet."""
        return self.filter(payment__isnull=True, closed_at__isnull=True)


class CardPaymentAttempt(models.Model):
    """Attempt to pay an order by card: a Stripe Checkout Session, or a simulated payment.

    It is stored before Stripe is called; `session_id` comes with the answer. A SEPA debit is completed first
    and paid or refused days later.
    """

    class State(models.TextChoices):
        OPEN = "open", _("started")
        UNDER_WAY = "under_way", _("being processed by the bank")
        PAID = "paid", pgettext_lazy("card payment", "paid")
        CLOSED = "closed", _("not paid")

    order = models.ForeignKey(Order, models.CASCADE, related_name="+")
    # Part of the idempotency key: different for every attempt of an order.
    number = models.PositiveSmallIntegerField()
    amount = models.PositiveIntegerField(_("amount, in cents"))
    currency = models.CharField(max_length=3)
    idempotency_key = models.CharField(max_length=60, unique=True)
    # Null until Stripe has answered; several attempts may wait for theirs.
    session_id = models.CharField(max_length=120, unique=True, null=True)
    opened_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    polled_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="+")

    objects = CardPaymentAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("card payment")
        verbose_name_plural = _("card payments")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="attempt_number_once_per_order")
        ]
        indexes = [
            models.Index(
                fields=["polled_at"],
                # The poller runs every minute and must not read settled attempts.
                condition=Q(payment__isnull=True, closed_at__isnull=True),
                name="attempt_unsettled",
            )
        ]

    def __str__(self) -> str:
        return self.idempotency_key

    @property
    def state(self) -> str:
        """Return the state, derived from the timestamps."""
        # A payment wins over `closed_at`: it may arrive after the attempt was given up.
        if self.payment_id:
            return self.State.PAID
        if self.closed_at:
            return self.State.CLOSED
        return self.State.UNDER_WAY if self.completed_at else self.State.OPEN

    def get_state_display(self) -> str:
        return str(self.State(self.state).label)

    @property
    def amount_money(self) -> Money:
        return Money(self.amount, self.currency)

    def is_payable(self, *, at: datetime.datetime) -> bool:
        """Return whether a buyer sent to the page at `at` has two minutes left to pay."""
        # Two minutes: nobody should reach Stripe's page just to see it expire.
        return self.state == self.State.OPEN and self.expires_at > at + datetime.timedelta(minutes=2)


class StripeEvent(models.Model):
    """Event received from Stripe: its kind and object. The payload is not stored."""

    event_id = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=80)
    # Empty for kinds without a handler.
    object_id = models.CharField(max_length=120, blank=True)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        ordering = ["-happened_at", "-pk"]
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(handled_at__isnull=True), name="stripe_event_waits"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.kind}"


class StripeRefund(models.Model):
    """Stripe's id of one of our refunds."""

    refund = models.OneToOneField(Refund, models.CASCADE, related_name="+")
    stripe_id = models.CharField(max_length=120, unique=True)

    class Meta:
        verbose_name = _("Stripe refund")
        verbose_name_plural = _("Stripe refunds")

    def __str__(self) -> str:
        return self.stripe_id


class Dispute(models.Model):
    """Dispute of a payment by the buyer's bank, which withholds the money meanwhile."""

    external_id = models.CharField(max_length=120, unique=True)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="+")
    amount = models.PositiveBigIntegerField(_("amount, in cents"))
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    status = models.CharField(max_length=40)
    evidence_due_at = models.DateTimeField(_("respond by"), null=True)
    opened_at = models.DateTimeField(_("opened"))

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-opened_at", "-pk"]

    def __str__(self) -> str:
        return self.external_id

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_DISPUTE_STATUSES

    def get_status_display(self) -> str:
        """Return the status in words, or Stripe's code if it is unknown."""
        return str(DISPUTE_STATE_LABELS.get(self.status, self.status))

    def get_reason_display(self) -> str:
        """Return the reason in words, or Stripe's code if it is unknown."""
        return str(DISPUTE_REASON_LABELS.get(self.reason, self.reason))

    @property
    def amount_money(self) -> Money:
        return Money(self.amount, self.payment.currency)


class PayoutLine(models.Model):
    """Line of a payout as Stripe accounts for it, in cents."""

    external_id = models.CharField(max_length=120, unique=True)
    payout = models.ForeignKey(Payout, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    gross = models.BigIntegerField()
    fee = models.BigIntegerField()
    source_id = models.CharField(max_length=120, blank=True)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("payout line")
        verbose_name_plural = _("payout lines")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.external_id

    @property
    def net(self) -> int:
        return self.gross - self.fee
