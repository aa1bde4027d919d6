"""Load what bank transfers may pay: receivables, orders not billed yet, and expected payouts."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from registrations.invoices.models import Charge, Invoice, Payment, Payout, Receivable, Refund
from registrations.invoices.models.receivables import BANK_METHODS, COUNTER_ENTRY
from registrations.models import Order, Registration, RegistrationAddon, Sponsorship
from registrations.payments.models import BankLine

from .matching import (
    PAYOUT_OFFER_DAYS,
    BankLineFacts,
    ExpectedPayout,
    LineMatch,
    MatchKind,
    PayableIndex,
    PayableItem,
    list_payouts_of_amount,
    match_line,
    split_name_words,
)
from .suggestions import RankedPayable, rank_payables


def build_payable_index() -> PayableIndex:
    """Return the index of everything that a transfer may pay, or paid before."""
    fields = ("pk", "reference", "name", "amount_due", "currency", "amount_paid")
    # Plain tuples: with tens of thousands of receivables model instances take seconds.
    receivables = list(Receivable.objects.with_balance().order_by().values_list(*fields, named=True))
    returnable = _compute_returnable({row.pk: -row.amount_due for row in receivables})
    open_refunds = _list_open_refund_cents()
    numbers = defaultdict(list)
    for receivable, number in Invoice.objects.order_by().values_list("receivable", "number"):
        numbers[receivable].append(number)
    quotations = _list_quotation_numbers()
    names = _list_charged_names()
    items = [
        PayableItem(
            reference=row.reference,
            **_make_names(row.name, names[row.pk]),
            amount_due=row.amount_due,
            currency=row.currency,
            document_numbers=(*numbers[row.pk], *quotations.get(row.reference, ())),
            was_paid=row.amount_paid > 0,
            paid_cents=row.amount_paid,
            returnable_cents=returnable.get(row.pk, 0),
            open_refund_cents=tuple(open_refunds[row.pk]),
        )
        for row in receivables
    ]
    return PayableIndex.build_index(
        [*items, *_list_unbilled_orders({row.reference for row in receivables}, quotations)],
        list_expected_payouts(),
    )


def list_expected_payouts() -> list[ExpectedPayout]:
    """Return the payouts without a bank line, also those whose text was noted before the import."""
    rows = Payout.objects.filter(failed_on=None).exclude(
        Exists(BankLine.objects.filter(payout=OuterRef("pk")))
    )
    return [
        ExpectedPayout(row.external_id, row.amount, row.arrived_on, row.currency, row.bank_line)
        for row in rows.order_by("pk")
    ]


def _list_quotation_numbers() -> dict[str, tuple[str, ...]]:
    """Return the number of the quotation of each order that was placed from one, by the order's reference."""
    rows = Order.objects.exclude(quotation_number="").order_by()
    return {reference: (number,) for reference, number in rows.values_list("reference", "quotation_number")}


class PayableNames(TypedDict):
    buyer_name: str
    attendee_names: tuple[str, ...]


def _make_names(buyer_name: str, attendee_names: Iterable[str]) -> PayableNames:
    """Return the names of a payable, each once; without a buyer's name it is called by its first attendee."""
    names = list(dict.fromkeys(filter(None, (buyer_name, *attendee_names)))) or [""]
    return {"buyer_name": names[0], "attendee_names": tuple(names[1:])}


def _list_charged_names() -> defaultdict[int, list[str]]:
    """Return the attendees of each receivable."""
    rows = Charge.objects.exclude(attendee="").order_by("pk")
    names = defaultdict[int, list[str]](list)
    for receivable, attendee in rows.values_list("receivable", "attendee"):
        names[receivable].append(attendee)
    return names


def _list_unbilled_names() -> defaultdict[int, list[str]]:
    """Return the attendees of each order without a receivable, the buyer's own name first."""
    billed = Receivable.objects.filter(reference=OuterRef("order__reference"))
    rows = Registration.objects.filter(~Exists(billed), order__total__gt=0)
    rows = rows.exclude(first_name="", last_name="").select_related("order").order_by("pk")
    rows = rows.only("first_name", "last_name", "email", "transferred_at", "order__email")
    names = defaultdict[int, list[str]](list)
    for row in rows:
        order_names = names[row.order_id]
        order_names.insert(0 if row.is_buyers_own else len(order_names), row.name)
    return names


def _compute_returnable(overpaid_cents: dict[int, int]) -> dict[int, int]:
    """Return, by receivable, the largest cents that a debit can return of one payment."""
    payments = Payment.objects.exclude(method=Payment.Method.TEST).order_by()
    # Requested refunds count too: that money is already committed.
    rows = payments.annotate(repaid=Coalesce(Sum("refunds__amount", filter=~Q(refunds__state="failed")), 0))
    returnable: dict[int, int] = {}
    for receivable, method, unreturned in rows.values_list("receivable", "method", F("amount") - F("repaid")):
        cents = limit_returnable(method, unreturned, overpaid_cents[receivable])
        returnable[receivable] = max(cents, returnable.get(receivable, 0))
    return returnable


def limit_returnable(method: str, unreturned_cents: int, overpaid_cents: int) -> int:
    """Return the cents of a payment that a debit can return, given what is overpaid."""
    # The payer's bank recalls transfers only. Of other payments a transfer returns what is owed to the buyer.
    return unreturned_cents if method == Payment.Method.TRANSFER else min(unreturned_cents, overpaid_cents)


def list_open_refunds() -> QuerySet[Refund]:
    """Return the refunds by bank whose debit no statement has shown, those to be sent first."""
    # Those marked as done too: their debit is imported afterwards, and must not count a second time.
    rows = Refund.objects.active().filter(method__in=BANK_METHODS).exclude(COUNTER_ENTRY)
    is_sent = Case(When(state=Refund.State.DONE, then=True), default=False)
    return rows.exclude(Exists(BankLine.objects.filter(refund=OuterRef("pk")))).order_by(is_sent, "pk")


def _list_open_refund_cents() -> dict[int, list[int]]:
    amounts: dict[int, list[int]] = defaultdict(list)
    for receivable, cents in list_open_refunds().values_list("receivable", "amount"):
        amounts[receivable].append(cents)
    return amounts


def _list_unbilled_orders(
    billed_references: set[str], quotations: Mapping[str, tuple[str, ...]]
) -> list[PayableItem]:
    """Return the orders without a receivable, with the price of their active items."""
    totals: dict[int, int] = defaultdict(int)
    places = Registration.objects.filter(order__total__gt=0, cancelled_at__isnull=True)
    # Confirmed or held. An expired order owes nothing, but is still found by its reference.
    counted = Q(confirmed_at__isnull=False) | Q(hold_expires_at__isnull=False)
    places = places.filter(counted).order_by()
    addons = RegistrationAddon.objects.filter(registration__in=places, cancelled_at__isnull=True).order_by()
    for order, price in [
        *places.values_list("order", "price"),
        *addons.values_list("registration__order", "price"),
    ]:
        totals[order] += price
    packages = Sponsorship.objects.active().filter(counted).order_by()
    for order, price in packages.values_list("order", "price"):
        totals[order] += price
    # All of them, expired ones included, so that a late transfer is recognized (NO_LONGER_DUE).
    rows = Order.objects.filter(total__gt=0).order_by()
    names = _list_unbilled_names()
    return [
        PayableItem(
            reference=reference,
            **_make_names(name or company, names[pk]),
            amount_due=totals[pk],
            currency=currency,
            document_numbers=quotations.get(reference, ()),
        )
        for pk, reference, name, company, currency in rows.values_list(
            "pk", "reference", "billing_name", "company", "currency"
        )
        if reference not in billed_references
    ]


def build_line_facts(line: BankLine) -> BankLineFacts:
    """Return a stored line for matching, with its unassigned cents."""
    return BankLineFacts(
        amount_cents=line.amount - vars(line).get("assigned_amount", 0),
        payer_text=line.payer_text,
        counterparty=line.counterparty,
        booked_on=line.booked_on,
        currency=line.currency,
        is_reversal=line.is_reversal,
    )


def match_lines(lines: list[BankLine]) -> list[tuple[BankLine, LineMatch]]:
    """Return each line with its current match."""
    index = build_payable_index() if lines else PayableIndex()
    return [(line, _match_stored_line(line, index)) for line in lines]


def _match_stored_line(line: BankLine, index: PayableIndex) -> LineMatch:
    match = match_line(build_line_facts(line), index)
    # At its import there was no such refund or payment yet, so nothing was recorded.
    is_unrecorded = match.kind == MatchKind.RETURNED and line.is_open_debit
    return replace(match, kind=MatchKind.UNMATCHED_RETURN) if is_unrecorded else match


def list_payout_offers(line: BankLine) -> list[ExpectedPayout]:
    """Return the payouts that a stored line may report by its amount and day, the nearest first."""
    return list_payouts_of_amount(build_line_facts(line), list_expected_payouts(), max_days=PAYOUT_OFFER_DAYS)


def suggest_payables(line: BankLine, index: PayableIndex, *, search_text: str = "") -> list[RankedPayable]:
    """Return what a stored line may pay, the likeliest first."""
    return rank_payables(build_line_facts(line), index, search_text)


@dataclass(frozen=True)
class ReturnCandidate:
    """Refund or payment of a debit's amount; `day` is that of the request or of the payment."""

    receivable: Receivable
    refund: Refund | None
    day: datetime.date
    has_similar_name: bool


MAX_RETURN_CANDIDATES = 8


def list_return_candidates(line: BankLine) -> list[ReturnCandidate]:
    """Return the open refunds and the transfers of a debit's amount, those of the same name first."""
    words = split_name_words(f"{line.counterparty} {line.payer_text}")
    refunds = list_open_refunds().filter(
        amount=-line.amount,
        receivable__currency=line.currency,
        payment__received_on__lte=line.booked_on,
    )
    # Card payments are returned by the processor, and what was refunded cannot be returned once more.
    transfers = Payment.objects.filter(
        method=Payment.Method.TRANSFER,
        amount=-line.amount,
        currency=line.currency,
        received_on__lte=line.booked_on,
    ).exclude(refunds__in=Refund.objects.active())
    found: list[tuple[Receivable, Refund | None, datetime.date]] = [
        (refund.receivable, refund, refund.refunded_on)
        for refund in refunds.select_related("receivable").prefetch_related("receivable__charges")
    ]
    found += [
        (payment.receivable, None, payment.received_on) for payment in _load_likeliest(transfers, words)
    ]
    candidates = [
        ReturnCandidate(
            receivable, refund, day, has_similar_name=bool(words & split_name_words(receivable.buyer_name))
        )
        for receivable, refund, day in found
    ]
    # The sort keeps the order among those of the same name: refunds, then the latest payments.
    return sorted(candidates, key=lambda candidate: not candidate.has_similar_name)[:MAX_RETURN_CANDIDATES]


def _load_likeliest(transfers: QuerySet[Payment], words: set[str]) -> list[Payment]:
    """Return the transfers to offer, those of a buyer whose name has one of the words first."""
    # Only names are read of all of them: hundreds of transfers may have the same amount.
    buyers = Receivable.objects.with_first_attendee().filter(payments__in=transfers).only("name")
    similar = {buyer.pk for buyer in buyers if words & split_name_words(buyer.buyer_name)}
    rows = transfers.order_by("-received_on", "-pk").values_list("pk", "receivable")
    ranked = [pk for pk, _receivable in sorted(rows, key=lambda row: row[1] not in similar)]
    chosen = ranked[:MAX_RETURN_CANDIDATES]
    payments = Payment.objects.filter(pk__in=chosen).select_related("receivable")
    return sorted(
        payments.prefetch_related("receivable__charges"), key=lambda payment: chosen.index(payment.pk)
    )
