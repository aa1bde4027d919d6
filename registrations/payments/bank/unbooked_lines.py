"""Sum the lines of bank statements that are not in the accountant's entries."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.invoices.formatting import format_cents
from registrations.payments.models import BankLine, BankLineState

from .matching import find_payout
from .payables import build_line_facts, list_expected_payouts

# Entries are made of payments, refunds and payouts: a line without one is in none.
UNBOOKED_STATES = (BankLineState.TO_REVIEW, BankLineState.DEBIT, BankLineState.SET_ASIDE)


def describe_unbooked_lines(first_day: datetime.date, last_day: datetime.date) -> str:
    """Return a sentence with count and sums of the lines booked in the period without an entry, or ""."""
    rows = BankLine.objects.in_state(*UNBOOKED_STATES).filter(booked_on__range=(first_day, last_day))
    # The assigned part of a line is a payment, and has its entry.
    rows = rows.annotate(rest=F("amount") - F("assigned_amount")).order_by("pk")
    received, paid = Counter[str](), Counter[str]()
    amounts = _list_unbooked_amounts(rows)
    for currency, cents in amounts:
        (received if cents > 0 else paid)[currency] += abs(cents)
    if not amounts:
        return ""
    sentence = ngettext(
        "%(count)d bank line of the period is not included, because it is set aside or unmatched: %(sums)s.",
        "%(count)d bank lines of the period are not included, because they are set aside or unmatched: "
        "%(sums)s.",
        len(amounts),
    )
    sums = [
        text % {"amounts": _format_sums(cents_by_currency)}
        for text, cents_by_currency in ((_("%(amounts)s received"), received), (_("%(amounts)s paid"), paid))
        if cents_by_currency
    ]
    return sentence % {"count": len(amounts), "sums": ", ".join(sums)}


def _list_unbooked_amounts(rows: Iterable[BankLine]) -> list[tuple[str, int]]:
    """Return currency and cents of the lines without those that report a payout, which has its entry."""
    expected_payouts = list_expected_payouts()
    amounts = []
    for line in rows:
        if payout := find_payout(build_line_facts(line), expected_payouts):
            # One line for each payout.
            expected_payouts.remove(payout)
        else:
            amounts.append((line.currency, line.rest))  # type: ignore[attr-defined]  # annotated
    return amounts


def _format_sums(cents_by_currency: Mapping[str, int]) -> str:
    return " + ".join(format_cents(cents, currency) for currency, cents in sorted(cents_by_currency.items()))
