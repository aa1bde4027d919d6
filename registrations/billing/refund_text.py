"""Describe refunds in sentences: before a cancellation, and afterwards."""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.events.models import Event
from convention.money import Money
from convention.text.dates import format_date, format_deadline
from registrations.invoices.models import Issuer
from registrations.invoices.models.documents import Invoice, Payment, Refund
from registrations.models import Order, Registration, Ticket

from .cancellation import CancellationOutcome, preview_outcome
from .receivables import is_settled
from .refund_rules import decide_terms_for_due, load_refund_steps, load_refund_terms
from .refund_terms import RefundReason, RefundStep, RefundTerms
from .selection_money import (
    CancellationSums,
    calculate_amounts_due,
    load_billed_orders,
    sum_cancellations,
)


def preview_refund(registration: Registration) -> list[str]:
    """Return sentences about what cancelling this registration now would come to."""
    order, event = registration.order, registration.event
    outcome = preview_outcome(registration, load_refund_terms(registration, at=timezone.now()))
    sentences = describe_outcome(outcome, currency=order.currency, zone=event.zone)
    if registration.membership_pass_id:
        sentences.append(_("The membership pass that covers this place becomes available again."))
    return sentences


def preview_refund_reason(registration: Registration) -> list[str]:
    """Return by which rule this registration would be refunded now, without what the buyer paid."""
    terms = load_refund_terms(registration, at=timezone.now())
    return [describe_refund_reason(terms, registration.event.zone)]


class PlaceRefund(NamedTuple):
    """The amount due, the fee and its reason for one of several registrations to cancel together."""

    registration: Registration
    due: Money
    cancellation_fee: Money
    reason: str


@dataclass(frozen=True)
class RefundPreview:
    """The money of registrations of one order to cancel together; `sentences` are about the sum."""

    places: list[PlaceRefund]
    sentences: list[str]

    @property
    def fee_cents(self) -> int:
        """Return the sum of the cancellation fees."""
        return sum(place.cancellation_fee.amount for place in self.places)


def preview_refunds(registrations: Sequence[Registration]) -> RefundPreview:
    """Return what cancelling these registrations of one order now would come to; nothing is changed."""
    now = timezone.now()
    billed_orders = load_billed_orders(registration.order for registration in registrations)
    dues = calculate_amounts_due(registrations, billed_orders)
    terms = [(row, decide_terms_for_due(row, dues[row.pk], at=now)) for row in registrations]
    places = [
        PlaceRefund(
            row,
            Money(row_terms.due_cents, row.order.currency),
            Money(row_terms.cancellation_fee, row.order.currency),
            describe_refund_reason(row_terms, row.event.zone),
        )
        for row, row_terms in terms
    ]
    sums = sum_cancellations(terms, billed_orders)
    pass_count = sum(row.membership_pass_id is not None for row in registrations)
    return RefundPreview(places, [*_describe_sums(sums), *_describe_released_passes(pass_count)])


def _describe_sums(sums: CancellationSums) -> Iterator[str]:
    """Yield the sentences about the money of registrations of one order that are cancelled together."""
    amounts = sums.describe()
    if amounts["refunds"]:
        yield _("Total refund: %(amount)s.") % {"amount": amounts["refunds"]}
    if amounts["waived"]:
        yield _("The outstanding %(amount)s will no longer be due.") % {"amount": amounts["waived"]}
    if amounts["fees"]:
        yield _("Cancellation fees: %(amount)s.") % {"amount": amounts["fees"]}
    if sums.credited_order_count:
        yield (
            _("An invoice has been issued, so we will send a credit note.")
            if sends_documents()
            else _("An invoice has been issued, so we will issue a credit note for it.")
        )


def _describe_released_passes(pass_count: int) -> Iterator[str]:
    if pass_count:
        yield ngettext(
            "%(count)d membership pass becomes available again.",
            "%(count)d membership passes become available again.",
            pass_count,
        ) % {"count": pass_count}


def describe_outcome(outcome: CancellationOutcome, *, currency: str, zone: datetime.tzinfo) -> list[str]:
    """Return the sentences to show before the cancellation is confirmed."""
    sentences = [describe_refund_reason(outcome.refund_terms, zone)]
    cents_by_method = Counter[str]()
    for payment, amount in outcome.payment_refunds:
        cents_by_method[payment.method] += amount
    sentences += [
        describe_refund_method(method, Money(amount, currency)) for method, amount in cents_by_method.items()
    ]
    if len(cents_by_method) > 1:
        sentences.append(describe_total_refund(Money(outcome.refund_cents, currency)))
    if outcome.waived_cents and not outcome.payment_refunds:
        waived = Money(outcome.waived_cents, currency)
        sentences.append(_("The outstanding %(amount)s will no longer be due.") % {"amount": waived})
    if outcome.refund_terms.cancellation_fee:
        describe = describe_cancellation_fee if outcome.is_paid else describe_fee_due
        sentences.append(describe(Money(outcome.refund_terms.cancellation_fee, currency)))
    if outcome.is_invoiced and outcome.refund_terms.released_cents:
        sentences.append(
            _("An invoice has been issued, so we will send a credit note.")
            if sends_documents()
            else _("An invoice has been issued, so we will issue a credit note for it.")
        )
    return sentences


def sends_documents() -> bool:
    """Return whether new invoices and credit notes are e-mailed to their buyers automatically."""
    issuer = Issuer.get_current()
    return issuer is not None and issuer.sends_since is not None


def describe_refund_reason(refund_terms: RefundTerms, zone: datetime.tzinfo) -> str:
    """Return a sentence about why this much is refunded."""
    if refund_terms.reason == RefundReason.FREE:
        return _("The ticket was free, so there is nothing to refund.")
    if refund_terms.reason == RefundReason.CREDITED:
        return _("The invoice for this place has been credited: there is no fee and nothing is due.")
    if refund_terms.reason == RefundReason.NOT_CONFIRMED:
        return _("The place has not been confirmed yet, so there is no cancellation fee.")
    if refund_terms.reason == RefundReason.ORGANIZER:
        return _("An organizer has set the cancellation fee.")
    if refund_terms.reason == RefundReason.RULE and refund_terms.refund_step:
        return describe_refund_step(refund_terms.refund_step, zone)
    if refund_terms.refund_step is None:
        return _("This ticket is not refundable.")
    until = format_deadline(refund_terms.refund_step.ends_at, zone)
    return _("The deadline for a refund was %(until)s. Cancellations are no longer refunded.") % {
        "until": until
    }


def describe_ticket_refunds(event: Event, tickets: Iterable[Ticket]) -> list[tuple[str, list[str]]]:
    """Return the refund rules to show before booking: ticket titles, and their sentences.

    Tickets with the same rules are grouped. The title is "" where all tickets have the same.
    """
    now = timezone.now()
    titles_by_sentences: dict[tuple[str, ...], list[str]] = {}
    # Each ticket once, in the order of the places.
    for ticket in dict.fromkeys(tickets):
        sentences = tuple(describe_refund_steps(load_refund_steps(ticket, event), at=now, zone=event.zone))
        titles_by_sentences.setdefault(sentences, []).append(ticket.title)
    is_uniform = len(titles_by_sentences) == 1
    return [
        ("" if is_uniform else ", ".join(names), list(sentences))
        for sentences, names in titles_by_sentences.items()
    ]


def describe_refund_steps(
    refund_steps: Iterable[RefundStep], *, at: datetime.datetime, zone: datetime.tzinfo
) -> Iterator[str]:
    """Yield a sentence for each step still running, and one about what comes after."""
    running = [
        rule
        for rule in sorted(refund_steps, key=lambda rule: rule.ends_at)
        if at <= rule.ends_at and rule.refund_percent
    ]
    if not running:
        yield _("Cancellations are not refunded.")
        return
    yield from (describe_refund_step(rule, zone) for rule in running)
    yield _("No refund after that.")


def describe_refund_step(refund_step: RefundStep, zone: datetime.tzinfo) -> str:
    values = {"until": format_deadline(refund_step.ends_at, zone), "share": refund_step.refund_percent}
    if refund_step.refund_percent == 100:
        return _("Full refund until %(until)s.") % values
    if refund_step.refund_percent == 0:
        return _("This ticket is not refundable.")
    return _("Refund of %(share)d%% until %(until)s.") % values


def describe_refund_method(payment_method: str, amount: Money) -> str:
    """Return how and when an amount is refunded, depending on how it was paid."""
    sentences = {
        Payment.Method.CARD: _(
            "%(amount)s will be refunded automatically to the card used for payment, usually in 5 to 10 days."
        ),
        Payment.Method.SEPA_DEBIT: _(
            "%(amount)s will be refunded to the account that was debited, usually within 10 days."
        ),
        Payment.Method.TEST: _("Test refund of %(amount)s; no real money is involved."),
        Payment.Method.CASH: _(
            "%(amount)s was paid in cash: the treasurer will contact you about the refund."
        ),
    }
    by_transfer = _("The treasurer will refund %(amount)s by bank transfer, usually within 14 days.")
    return sentences.get(Payment.Method(payment_method), by_transfer) % {"amount": amount}


def describe_cancellation_fee(amount: Money) -> str:
    return _("Cancellation fee, deducted from your payment: %(amount)s.") % {"amount": amount}


def describe_fee_due(amount: Money) -> str:
    return _("Cancellation fee due: %(amount)s.") % {"amount": amount}


def list_paid_cancellations(registrations: Iterable[Registration]) -> list[Registration]:
    """Return the cancelled registrations that were not free, without merged duplicates."""
    # The attendee of a duplicate still comes: nothing of its price is a cancellation fee.
    return [row for row in registrations if row.cancelled_at and row.full_price and not row.merged_into_id]


def list_cancellation_refunds(order: Order, cancelled: Iterable[Registration]) -> list[Refund]:
    """Return the refunds of these cancelled registrations, oldest first; the last one if requested again."""
    rows = Refund.objects.filter(
        receivable__reference=order.reference,
        occasion=Refund.Occasion.CANCELLATION,
        charge_key__in=[registration.reference for registration in cancelled],
    )
    # A cancellation refunds each payment once.
    latest = {(row.payment_id, row.charge_key): row for row in rows.order_by("pk")}
    return list(latest.values())


def describe_settlement(order: Order, registrations: Iterable[Registration]) -> list[str]:
    """Return sentences about the money of cancelled registrations; none where they were free."""
    cancelled = list_paid_cancellations(registrations)
    if not cancelled:
        return []
    refunds = list_cancellation_refunds(order, cancelled)
    sentences = _describe_refunds(refunds, order.currency)
    if fee_cents := sum(registration.cancellation_fee for registration in cancelled):
        describe = describe_cancellation_fee if is_settled(order) else describe_fee_due
        sentences.append(describe(Money(fee_cents, order.currency)))
    return sentences or [_describe_free_cancellation(order, cancelled)]


def describe_change_refunds(
    order: Order, registrations: Iterable[Registration], *, since: datetime.datetime | None
) -> list[str]:
    """Return sentences about the refunds by changes of these registrations after `since`; none without it."""
    if since is None:
        return []
    refunds = Refund.objects.filter(
        receivable__reference=order.reference,
        occasion=Refund.Occasion.CHANGE,
        charge_key__in=[registration.reference for registration in registrations],
        created_at__gt=since,
    )
    return _describe_refunds(refunds.order_by("pk"), order.currency)


def _describe_free_cancellation(order: Order, cancelled: Sequence[Registration]) -> str:
    """Return that nothing is owed or refunded, with the credit notes that were issued for it, if any."""
    since = min(row.cancelled_at for row in cancelled if row.cancelled_at)
    credit_notes = Invoice.objects.filter(
        receivable__reference=order.reference, kind=Invoice.Kind.CREDIT_NOTE, created_at__gte=since
    )
    if numbers := [document.number for document in credit_notes]:
        sentence = ngettext(
            "There is no cancellation fee: credit note %(numbers)s has been issued.",
            "There is no cancellation fee: credit notes %(numbers)s have been issued.",
            len(numbers),
        )
        return sentence % {"numbers": ", ".join(numbers)}
    return _(
        "There is no cancellation fee: what was cancelled will not be invoiced, "
        "and any invoice already issued for it will be credited."
    )


def _describe_refunds(refunds: Iterable[Refund], currency: str) -> list[str]:
    """Return a sentence with the sum for each kind of refunds, and the total if several kinds go back."""
    cents_by_kind = Counter[tuple[str, str]]()
    for refund in refunds:
        cents_by_kind[_get_described_kind(refund)] += refund.amount
    sentences = [
        _describe_refund(state, method, Money(cents, currency))
        for (state, method), cents in cents_by_kind.items()
    ]
    # What failed did not go back.
    sums = [cents for (state, _method), cents in cents_by_kind.items() if state != Refund.State.FAILED]
    if len(sums) > 1:
        sentences.append(describe_total_refund(Money(sum(sums), currency)))
    return sentences


def _get_described_kind(refund: Refund) -> tuple[str, str]:
    """Return state and method as far as the sentence on the refund depends on them."""
    if refund.state == Refund.State.FAILED:
        return refund.state, ""
    # A test refund moves no money, also once it is done.
    is_done = refund.state == Refund.State.DONE and refund.method != Payment.Method.TEST
    return (refund.state, "") if is_done else (Refund.State.REQUESTED, refund.method)


def _describe_refund(state: str, method: str, amount: Money) -> str:
    if state == Refund.State.DONE:
        return _("%(amount)s has been refunded.") % {"amount": amount}
    if state == Refund.State.FAILED:
        return _("The refund of %(amount)s failed. The treasurer is looking into it.") % {"amount": amount}
    return describe_refund_method(method, amount)


class BuyerRefund(NamedTuple):
    """A refund in the buyer's words: its state, the amount, and what comes next."""

    label: str
    amount: Money
    sentence: str = ""


def load_refund_history(order: Order, retained: Money) -> dict[str, Any]:
    """Return all that was received for the order and its refunds, as template context.

    `retained` is what was received and neither refunded nor about to be.
    """
    rows = Refund.objects.filter(receivable__reference=order.reference).order_by("pk")
    # Payments that were entered by mistake were never received.
    refunds = [refund for refund in rows if not refund.is_counter_entry]
    refunded_cents = sum(refund.amount for refund in refunds if refund.state != Refund.State.FAILED)
    return {
        "received": Money(retained.amount + refunded_cents, order.currency),
        "refunds": [
            _describe_buyer_refund(refund, Money(refund.amount, order.currency))
            for refund in _drop_repeated_refunds(refunds)
        ],
    }


def _drop_repeated_refunds(refunds: list[Refund]) -> list[Refund]:
    """Return the refunds, ordered by key, without those that failed and were requested again."""
    unused_cents = {refund.pk: refund.amount for refund in refunds}
    return [
        refund
        for refund in refunds
        if refund.state != Refund.State.FAILED or not _is_repeated(refund, refunds, unused_cents)
    ]


def _is_repeated(failed: Refund, refunds: list[Refund], unused_cents: dict[int, int]) -> bool:
    """Return whether later refunds return all of a failed one; their cents are then used up."""
    repeats = [
        refund
        for refund in refunds
        if refund.pk > failed.pk
        and refund.payment_id == failed.payment_id
        # One that the treasurer entered has no charge; that of another place returns other money.
        and refund.charge_key in ("", failed.charge_key)
    ]
    left = failed.amount
    if sum(unused_cents[refund.pk] for refund in repeats) < left:
        return False
    for refund in repeats:
        used = min(left, unused_cents[refund.pk])
        unused_cents[refund.pk] -= used
        left -= used
    return True


def _describe_buyer_refund(refund: Refund, amount: Money) -> BuyerRefund:
    if refund.state == Refund.State.DONE:
        day = format_date(refund.refunded_on)
        return BuyerRefund(_("Refunded on %(day)s") % {"day": day}, amount)
    if refund.state == Refund.State.FAILED:
        return BuyerRefund(_("Refund failed"), amount, _("The treasurer is looking into it."))
    return BuyerRefund(_("Refund requested"), amount, describe_refund_method(refund.method, amount))


def describe_total_refund(amount: Money) -> str:
    return _("Total refund: %(amount)s.") % {"amount": amount}
