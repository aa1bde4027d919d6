"""Receivables with their charges, payments, refunds and payouts.

Amounts are in cents and include VAT. Rows are added, never rewritten: a changed price is a new charge.
"""

import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.money import Money
from convention.text.normalize import casefold_text

MAX_VAT_NUMBER_LENGTH = 20


def build_sum_subquery(rows: models.QuerySet, column: str) -> Coalesce:
    """Return a subquery that sums `column` over the rows of the outer receivable, 0 without rows."""
    # Subqueries, because joins of three tables would multiply the rows.
    summed = rows.filter(receivable=models.OuterRef("pk")).order_by().values("receivable")
    return Coalesce(models.Subquery(summed.annotate(sum=Sum(column)).values("sum")), 0)


class ReceivableQuerySet(models.QuerySet["Receivable"]):
    """Query set of receivables."""

    def with_balance(self) -> Self:
        """Annotate `amount_owed`, `amount_paid`, `amount_refunded` and `amount_due`, in cents.

        The names and the arithmetic are those of `ledger.balance.ReceivableBalance`.
        """
        return self.annotate(
            amount_owed=build_sum_subquery(Charge.objects.active(), "amount"),
            amount_paid=build_sum_subquery(Payment.objects.all(), "amount"),
            amount_refunded=build_sum_subquery(Refund.objects.active(), "amount"),
        ).annotate(amount_due=F("amount_owed") - F("amount_paid") + F("amount_refunded"))

    def with_first_attendee(self) -> Self:
        """Annotate `first_attendee`, so that a list does not read it row by row."""
        charges = Charge.objects.filter(receivable=models.OuterRef("pk")).exclude(attendee="").order_by("pk")
        return self.annotate(first_attendee=models.Subquery(charges.values("attendee")[:1]))


class Receivable(models.Model):
    """Money that one buyer owes for one subject, such as an order."""

    # Public: buyers name it in transfers. Other packages find the receivable by it.
    reference = models.CharField(_("reference"), max_length=40, unique=True)
    # SET_NULL: the receivable stays in the accounts after its event was deleted.
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="+")
    subject = models.CharField(_("for"), max_length=300, blank=True)
    name = models.CharField(_("buyer"), max_length=300)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, default="FR")
    siren = models.CharField(_("SIREN"), max_length=9, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=MAX_VAT_NUMBER_LENGTH, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    purchase_order = models.CharField(_("purchase order"), max_length=60, blank=True)
    service_code = models.CharField(_("service code (Chorus Pro)"), max_length=100, blank=True)
    engagement_number = models.CharField(_("engagement number (Chorus Pro)"), max_length=50, blank=True)
    service_from = models.DateField(_("first day of the service"), null=True, blank=True)
    service_to = models.DateField(_("last day of the service"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    # When the buyer was last asked by e-mail for missing billing details.
    details_asked_at = models.DateTimeField(null=True, editable=False)
    # Denormalized: a search must ignore accents and capitals on both databases.
    search_text = models.TextField(blank=True, editable=False)

    objects = ReceivableQuerySet.as_manager()

    class Meta:
        verbose_name = _("receivable")
        verbose_name_plural = _("receivables")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.reference

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row and update its search text."""
        self.update_search_text()
        # A partial save of a searched field must store the search text too.
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "search_text"}
        super().save(*args, **kwargs)

    def update_search_text(self) -> None:
        texts = (self.reference, self.name, self.email, self.purchase_order, self.subject)
        self.search_text = casefold_text(" ".join(texts))

    # Not stored: it follows every correction and erasure of the attendee.
    @cached_property
    def first_attendee(self) -> str | None:
        """Return the name on the first charge that has one."""
        return next((charge.attendee for charge in self.charges.all() if charge.attendee), None)

    @property
    def buyer_name(self) -> str:
        """Return the buyer's name, or an attendee's where no buyer was named; else ""."""
        return self.name or self.first_attendee or ""

    @property
    def buyer_label(self) -> str:
        """Return the buyer's name for lists, or the reference where nobody is named."""
        return self.buyer_name or self.reference

    @property
    def subject_label(self) -> str:
        """Return the subject, in the active language where it is the event; documents keep their own."""
        event = self.event
        return event.title if event and self.subject in ("", event.name, event.name_en) else self.subject

    def as_money(self, amount: int) -> Money:
        return Money(amount, self.currency)


def format_line_text(description: str, attendee: str) -> str:
    """Return the description with the attendee's name, where there is one."""
    return f"{description}, {attendee}"[:300] if attendee else description


class ChargeQuerySet(models.QuerySet["Charge"]):
    """Query set of charges."""

    def active(self) -> Self:
        """Return the charges that are still owed."""
        return self.filter(withdrawn_at__isnull=True)


class Charge(models.Model):
    """One item owed. Its price never changes: the charge is withdrawn and another one added.

    `waived_at` is set when the treasurer credits a charge that is not cancelled; it is then no longer owed
    until the item changes, which clears it. `attendee` follows the registration that the key names, so that
    no name stays here after a transfer or an erasure; issued invoices have their own copy.
    """

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="charges")
    key = models.CharField(_("key"), max_length=120)
    description = models.CharField(_("description"), max_length=300)
    # Apart from the description, so that a change of name makes no new charge.
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
                # Withdrawn charges keep their key.
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
    def line_text(self) -> str:
        """Return the description with the attendee's name, as documents show it."""
        return format_line_text(self.description, self.attendee)


class Payout(models.Model):
    """Lump sum that the card processor sent to the bank: payments less refunds and fees.

    `amount` is negative where the processor debited the account. `settled_amount` is the sum of its payments
    less their fees and refunds; `other_fees` belong to no payment, such as dispute fees. `resent_amount` is
    the part that the bank had returned before.
    """

    external_id = models.CharField(_("processor’s reference"), max_length=120, unique=True)
    amount = models.BigIntegerField(_("amount, in cents"))
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    arrived_on = models.DateField(pgettext_lazy("payout", "arrived"))
    # Set if the day above was in a closed period when it was recorded (`ledger/closed_period.py`).
    booked_on = models.DateField(null=True, editable=False)
    settled_amount = models.BigIntegerField(null=True, editable=False)
    other_fees = models.BigIntegerField(null=True, editable=False)
    resent_amount = models.BigIntegerField(null=True, editable=False)
    failed_on = models.DateField(pgettext_lazy("payout", "sent back"), null=True, editable=False)
    bank_line = models.CharField(_("bank statement line"), max_length=140, blank=True)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["-arrived_on", "-pk"]

    def __str__(self) -> str:
        return self.external_id

    @property
    def booking_day(self) -> datetime.date:
        """Return the day of its journal entry."""
        return self.booked_on or self.arrived_on


class Payment(models.Model):
    """Money received. Only its payout and its fee may be filled in later."""

    class Method(models.TextChoices):
        CARD = "card", _("card")
        SEPA_DEBIT = "sepa_debit", _("SEPA debit")
        TRANSFER = "transfer", _("bank transfer")
        CASH = "cash", _("cash")
        CHEQUE = "cheque", _("cheque")
        # A terminal of the club's bank: its payments do not pass through the online processor.
        TERMINAL = "terminal", _("card terminal")
        TEST = "test", _("test payment")

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="payments")
    method = models.CharField(_("method"), max_length=20, choices=Method.choices)
    amount = models.PositiveBigIntegerField(_("amount, in cents"))
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    received_on = models.DateField(_("received on"))
    # Set if the day above was in a closed period when it was recorded (`ledger/closed_period.py`).
    booked_on = models.DateField(null=True, editable=False)
    external_id = models.CharField(
        _("external reference"), max_length=120, null=True, blank=True, unique=True
    )
    # Included in `amount`: the buyer paid the full amount, the processor kept the fee.
    fee = models.PositiveBigIntegerField(_("fee, in cents"), default=0)
    # Filled in when the processor pays out, days after the payment.
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
    def booking_day(self) -> datetime.date:
        """Return the day of its journal entry."""
        return self.booked_on or self.received_on

    @property
    def is_by_processor(self) -> bool:
        """Return whether it reaches the bank as part of a payout."""
        return self.method in PROCESSOR_METHODS

    @property
    def document_reference(self) -> str:
        """Return the reference in the accountant's entries: the processor's, or ours with an id."""
        if self.is_by_processor and self.external_id:
            return self.external_id
        return f"{self.receivable.reference}-{self.pk}"

    @property
    def is_from_bank_line(self) -> bool:
        """Return whether it was recorded from a bank statement line, where it is also undone."""
        return (self.external_id or "").startswith(BANK_LINE_PREFIX)

    @property
    def is_cancellable(self) -> bool:
        """Return whether it was entered by hand, so that it may be a mistake."""
        return not self.is_by_processor and not self.is_from_bank_line

    @property
    def is_cancelled(self) -> bool:
        """Return whether a counter-entry took it back."""
        return any(refund.is_counter_entry for refund in self.refunds.all())


# Begins the external id of payments that come from a bank statement. It is stored, so it never changes.
BANK_LINE_PREFIX = "bank:"

# Begins the external id of what was entered in a form, until the processor gives its own.
FORM_PREFIX = "hand-"

# Begin the external ids of counter-entries: to a payment that was entered, or assigned to a bank line, by
# mistake. They are stored, so they never change.
MISTAKE_PREFIX, UNDO_PREFIX = "mistake:", "undo:"

# Selects counter-entries, as `Refund.is_counter_entry` does for one row.
COUNTER_ENTRY = Q(external_id__startswith=MISTAKE_PREFIX) | Q(external_id__startswith=UNDO_PREFIX)

# Cheques and the terminal's takings reach the bank within days, without a document of their own.
BANK_METHODS = (Payment.Method.TRANSFER, Payment.Method.CHEQUE, Payment.Method.TERMINAL)

# The test payments of the demo follow the path of card payments.
PROCESSOR_METHODS = (Payment.Method.CARD, Payment.Method.SEPA_DEBIT, Payment.Method.TEST)


class RefundQuerySet(models.QuerySet["Refund"]):
    """Query set of refunds."""

    def active(self) -> Self:
        """Return the refunds that were sent or are about to be."""
        # A requested refund counts at once, so that the same money is not refunded twice.
        return self.exclude(state=Refund.State.FAILED)

    def to_send(self) -> Self:
        """Return the requested refunds that wait for the treasurer, not for the processor."""
        return self.filter(state=Refund.State.REQUESTED).exclude(method__in=PROCESSOR_METHODS)

    def in_progress(self) -> Self:
        """Return the requested refunds that the processor sends."""
        return self.filter(state=Refund.State.REQUESTED, method__in=PROCESSOR_METHODS)

    def money_sent(self) -> Self:
        """Return the refunds whose money left the account, even if it came back later."""
        return self.filter(Q(state=Refund.State.DONE) | Q(failed_on__isnull=False))


class Refund(models.Model):
    """Money returned by the way it came, or by transfer; `failed_on` is the day on which it came back."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        DONE = "done", pgettext_lazy("refund", "done")
        FAILED = "failed", _("failed")

    class Occasion(models.TextChoices):
        CANCELLATION = "cancellation", _("cancellation")
        CHANGE = "change", pgettext_lazy("registration", "change")
        DISPUTE = "dispute", pgettext_lazy("card payment", "dispute")

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    # Not always the payment's: the card may have expired, and the money then goes back by transfer.
    method = models.CharField(_("method"), max_length=20, choices=Payment.Method.choices)
    amount = models.PositiveBigIntegerField(_("amount, in cents"))
    external_id = models.CharField(
        _("external reference"), max_length=120, null=True, blank=True, unique=True
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.REQUESTED)
    # Entered by a person. Otherwise the occasion gives it, and the key of the charge with the attendee:
    # each reader then reads it in their language, and no name stays here after a transfer or an erasure.
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    occasion = models.CharField(max_length=20, choices=Occasion.choices, blank=True, editable=False)
    charge_key = models.CharField(max_length=120, blank=True, editable=False)
    refunded_on = models.DateField(_("refunded"))
    # Set if the day above was in a closed period when it was recorded (`ledger/closed_period.py`).
    booked_on = models.DateField(null=True, editable=False)
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
    def is_by_processor(self) -> bool:
        """Return whether the processor sends it, which needs no work from the treasurer."""
        return self.method in PROCESSOR_METHODS

    @property
    def document_reference(self) -> str:
        """Return the reference in the accountant's entries, as that of a payment, with an `R`."""
        has_processor_id = self.external_id and not self.external_id.startswith(FORM_PREFIX)
        if self.is_by_processor and has_processor_id and not self.is_counter_entry:
            return self.external_id or ""
        return f"{self.receivable.reference}-R{self.pk}"

    @property
    def is_counter_entry(self) -> bool:
        """Return whether it takes back a payment that was entered or assigned by mistake; no money moves."""
        return (self.external_id or "").startswith((MISTAKE_PREFIX, UNDO_PREFIX))

    @property
    def reason_text(self) -> str:
        """Return the reason as it was entered, or what was cancelled or changed, for whom."""
        # In the reader's language, not in that of the treasurer who recorded it.
        for prefix, sentence in (
            (UNDO_PREFIX, gettext("Assigned by mistake: %(reason)s")),
            (MISTAKE_PREFIX, gettext("Entered by mistake: %(reason)s")),
            (BANK_LINE_PREFIX, gettext("From the bank statement: %(reason)s")),
        ):
            if (self.external_id or "").startswith(prefix):
                return sentence % {"reason": self.reason or "—"}
        if self.reason or not self.occasion:
            return self.reason
        if self.occasion == self.Occasion.DISPUTE:
            return gettext("Dispute lost")
        # A free ticket has no charge, but its paid add-ons have: `REF/dinner`.
        charges = self.receivable.charges.all()
        names = (row.attendee for row in charges if row.key.partition("/")[0] == self.charge_key)
        name = next(filter(None, names), self.charge_key)
        if self.occasion == self.Occasion.CHANGE:
            return gettext("Registration change: %(name)s") % {"name": name}
        return gettext("Cancellation: %(name)s") % {"name": name}

    @property
    def state_label(self) -> str:
        """Return the state in words; a counter-entry reads as a cancelled payment."""
        if self.is_counter_entry:
            return gettext("payment cancelled, no money returned")
        return self.get_state_display()

    @property
    def cash_movements(self) -> list[tuple[datetime.date, int]]:
        """Return (day, cents) pairs: positive when money left, negative when it came back."""
        # Both movements are booked, each on its own day: the first one may be in a closed period.
        if self.failed_on:
            return [(self.refunded_on, self.amount), (self.failed_on, -self.amount)]
        return [(self.refunded_on, self.amount)] if self.state == self.State.DONE else []

    @property
    def booked_movements(self) -> list[tuple[datetime.date, datetime.date, int]]:
        """Return `cash_movements` with the day of their journal entry in front."""
        days = [self.booked_on or self.refunded_on, self.failed_on]
        return [
            (booked_on or day, day, cents)
            for booked_on, (day, cents) in zip(days, self.cash_movements, strict=False)
        ]
