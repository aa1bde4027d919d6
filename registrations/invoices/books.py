"""The entries of the books: sales, bank, card processor, cash and VAT; each entry balances; cents of euros.

What is owed in another currency is left out and named: the accountant books it at the rate of its day.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .history import histories
from .models import Invoice, Issuer, Line, Payment, Payout, Receivable, Refund
from .vat import movements

EUROS = "EUR"
LEFT_OUT = gettext_lazy(
    "The books are in euros. What moved in another currency is neither in the VAT nor in the entries: "
    "book it by hand, at the rate of its day."
)


class Journal(Enum):
    """A journal by its code; the names are those of French accounting."""

    SALES = ("VE", "Ventes")
    BANK = ("BQ", "Banque")
    PROCESSOR = ("CB", "Encaissements par carte")
    CASH = ("CA", "Caisse")
    VAT = ("OD", "Opérations diverses")
    TEST = ("ES", "Paiements d’essai, sans argent")


@dataclass(frozen=True)
class Side:
    """One line of an entry: an account with an amount, a debit above zero and a credit below.

    `of` is the buyer's receivable for the customers' account.
    """

    account: str
    amount: int
    of: Receivable | None = None


@dataclass(frozen=True)
class Entry:
    """One entry; `piece` is the document behind it."""

    journal: Journal
    on: datetime.date
    piece: str
    label: str
    sides: tuple[Side, ...]

    @property
    def is_balanced(self) -> bool:
        """Whether debits equal credits."""
        return sum(side.amount for side in self.sides) == 0


class Unbalanced(AssertionError):
    """An entry whose debits are not its credits: a mistake of the program."""


def entries(issuer: Issuer, first: datetime.date, last: datetime.date) -> list[Entry]:
    """All entries of a period by day; both days belong to it."""
    within = (first, last)
    found = [
        *sales(issuer, within), *money_in(issuer, within), *money_back(issuer, within),
        *payouts(issuer, within),
    ]  # fmt: skip
    if issuer.vat_due == Issuer.VatDue.COLLECTION:
        found += vat_on_collection(issuer, within)
    for entry in found:
        if not entry.is_balanced:
            raise Unbalanced(f"{entry.piece}: {entry.sides}")
    return sorted(found, key=lambda entry: (entry.on, entry.journal.value, entry.piece))


def left_out(first: datetime.date, last: datetime.date) -> list[str]:
    """What moved in other currencies in a period, by document and currency: it is not in the books."""
    within = (first, last)
    rows = (
        Invoice.objects.filter(issued_on__range=within).values_list("number", "currency"),
        Payment.objects.filter(received_on__range=within).values_list(
            "receivable__reference", "receivable__currency"
        ),
        Refund.objects.filter(refunded_on__range=within).values_list(
            "receivable__reference", "receivable__currency"
        ),
        Payout.objects.filter(arrived_on__range=within).values_list("external_id", "currency"),
    )
    found = [f"{piece} ({currency})" for some in rows for piece, currency in some if currency != EUROS]
    return list(dict.fromkeys(found))


def made_of(sides: Iterable[Side]) -> tuple[Side, ...]:
    """The sides without those of nothing."""
    return tuple(side for side in sides if side.amount)


def sales(issuer: Issuer, within: tuple[datetime.date, datetime.date]) -> Iterator[Entry]:
    """A document asks its buyer for what was sold, and for the VAT."""
    rows = Invoice.objects.filter(issued_on__range=within, currency=EUROS).select_related("receivable")
    for document in rows.prefetch_related(Prefetch("lines", Line.objects.order_by("position"))):
        sides = [Side(issuer.account_customers, document.sign * document.total, document.receivable)]
        sides += [
            Side(account, -document.sign * net) for account, net in sold(issuer, document.lines.all()).items()
        ]
        vat = issuer.account_vat_pending
        if document.details["vat_due"] == Issuer.VatDue.DEBITS:
            vat = issuer.account_vat
        sides += [Side(vat, -document.sign * tax["vat"]) for tax in document.taxes]
        if kept := made_of(sides):
            yield Entry(Journal.SALES, document.issued_on, document.number, document.buyer_name, kept)


def sold(issuer: Issuer, lines: Iterable[Line]) -> dict[str, int]:
    """The net of lines by account; what is or deducts a deposit has one of its own."""
    sums = defaultdict[str, int](int)
    for line in lines:
        account = issuer.account_sales if line.vat_rate else issuer.account_exempt
        sums[account if line.charge_id else issuer.account_advances] += line.net
    return sums


def place_of(issuer: Issuer, method: str) -> tuple[Journal, str]:
    """The journal and the account of money that came by that way."""
    if method == Payment.Method.TRANSFER:
        return Journal.BANK, issuer.account_bank
    if method == Payment.Method.CASH:
        return Journal.CASH, issuer.account_cash
    if method == Payment.Method.TEST:  # of the demo: it never reaches the processor, nor the bank
        return Journal.TEST, issuer.account_suspense
    return Journal.PROCESSOR, issuer.account_processor


def money_in(issuer: Issuer, within: tuple[datetime.date, datetime.date]) -> Iterator[Entry]:
    """A payment settles what its buyer owes; the processor keeps its fee."""
    rows = Payment.objects.filter(received_on__range=within, receivable__currency=EUROS)
    for payment in rows.select_related("receivable"):
        journal, account = place_of(issuer, payment.method)
        sides = [
            Side(account, payment.amount - payment.fee),
            Side(issuer.account_fees, payment.fee),
            Side(issuer.account_customers, -payment.amount, payment.receivable),
        ]
        what = payment.external_id or f"{payment.receivable.reference}-{payment.pk}"
        yield Entry(journal, payment.received_on, what, payment.receivable.name, made_of(sides))


def money_back(issuer: Issuer, within: tuple[datetime.date, datetime.date]) -> Iterator[Entry]:
    """A refund gives a buyer what they paid too much; where it comes back, they are owed it again."""
    moved = Q(refunded_on__range=within) | Q(failed_on__range=within)
    left = Refund.objects.left().filter(moved, receivable__currency=EUROS)
    for refund in left.select_related("receivable", "payment"):
        journal, account = place_of(issuer, refund.payment.method)
        what = refund.external_id or f"{refund.receivable.reference}-R{refund.pk}"
        for day, cents in refund.moves:
            sides = (Side(issuer.account_customers, cents, refund.receivable), Side(account, -cents))
            if within[0] <= day <= within[1]:
                yield Entry(journal, day, what, refund.receivable.name, sides)


def payouts(issuer: Issuer, within: tuple[datetime.date, datetime.date]) -> Iterator[Entry]:
    """A lump sum reaches the bank; what cannot be explained by payments waits to be cleared."""
    moved = Q(arrived_on__range=within) | Q(failed_on__range=within)
    rows = Payout.objects.filter(moved, currency=EUROS).prefetch_related("payments", "refunds")
    for payout in rows:
        if within[0] <= payout.arrived_on <= within[1]:
            sides = made_of(arrived(issuer, payout))
            yield Entry(Journal.BANK, payout.arrived_on, payout.external_id, payout.bank_line, sides)
        if payout.failed_on and within[0] <= payout.failed_on <= within[1]:
            back = (Side(issuer.account_suspense, payout.amount), Side(issuer.account_bank, -payout.amount))
            yield Entry(Journal.BANK, payout.failed_on, payout.external_id, payout.bank_line, made_of(back))


def arrived(issuer: Issuer, payout: Payout) -> Iterator[Side]:
    """The sum at the bank, what the processor owes no longer, its fees, and what is to be cleared."""
    known, fees = explained(payout), payout.fees or 0
    explains = payout.amount if known is None else known
    yield Side(issuer.account_bank, payout.amount)
    yield Side(issuer.account_processor, -explains - fees)
    yield Side(issuer.account_fees, fees)
    yield Side(issuer.account_suspense, explains - payout.amount)


def explained(payout: Payout) -> int | None:
    """What its payments, refunds and fees come to, in cents; None where none is known."""
    if payout.settled is not None:
        return payout.settled - (payout.fees or 0)
    paid = [payment.amount - payment.fee for payment in payout.payments.all()]
    back = [refund.amount for refund in payout.refunds.all()]
    return sum(paid) - sum(back) if paid or back else None


def vat_on_collection(issuer: Issuer, within: tuple[datetime.date, datetime.date]) -> Iterator[Entry]:
    """VAT that waited for the payment is due when that comes."""
    first, last = within
    for movement in movements(histories(until=last), vat_due=issuer.vat_due):
        if first <= movement.on and movement.vat:
            sides = (
                Side(issuer.account_vat_pending, movement.vat),
                Side(issuer.account_vat, -movement.vat),
            )
            yield Entry(Journal.VAT, movement.on, movement.reference, _("VAT on collection"), sides)
