"""Search of receivables: by words, and by a number with spaces in it, such as a reference or a SIREN."""

import re
from typing import Any, Final

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Replace

from convention.money import compact_reference, find_creditor_references, parse_number
from convention.text.normalize import casefold_text
from registrations.invoices.models import Charge, Invoice, Receivable, ReceivableQuerySet

# The document reference of a payment or refund in the accountant's entries: the receivable's, and its number.
ENTRY_REFERENCE: Final = re.compile(r"(?P<reference>[0-9A-Z-]+)-R?\d+")


def search_receivables(rows: ReceivableQuerySet, search_text: str) -> ReceivableQuerySet:
    """Return the receivables in which every word occurs, or that have the number searched for.

    `rows` have been annotated with their balance.
    """
    if not search_text:
        return rows
    has_all_words = Q()
    for search_word in search_text.split():
        has_all_words &= _match_word(search_word)
    return rows.filter(has_all_words | _match_number(search_text))


def _match_word(search_word: str) -> Q:
    """Return the condition of a word in the search text, an invoice's number or an attendee's name."""
    word = casefold_text(search_word)
    by_number = Invoice.objects.filter(number__icontains=word).values("receivable")
    by_attendee = Charge.objects.filter(attendee__icontains=search_word).values("receivable")
    return Q(search_text__contains=word) | Q(pk__in=by_number) | Q(pk__in=by_attendee)


def _match_number(search_text: str) -> Q:
    """Return the condition of a reference, a SIREN or VAT number, or an amount, with spaces or without."""
    compact = compact_reference(search_text)
    condition = Q(vat_number=compact)
    if len(compact) in (9, 14) and compact.isdigit():
        condition |= Q(siren=compact[:9])
    if references := find_creditor_references(search_text):
        condition |= Q(pk__in=_filter_by_compact_reference(references))
    if entry := ENTRY_REFERENCE.fullmatch(search_text.upper()):
        condition |= Q(reference=entry["reference"])
    return condition | _match_amount(search_text)


def _filter_by_compact_reference(references: list[str]) -> QuerySet[Any, Any]:
    """Return the ids of the receivables whose letters and digits are one of these references."""
    compact = Replace("reference", Value("-"), Value(""))
    return Receivable.objects.annotate(compact=compact).filter(compact__in=references).values("pk")


def _match_amount(search_text: str) -> Q:
    """Return the condition of an amount that is owed, due, paid or invoiced; none for another text."""
    cents = parse_searched_amount(search_text)
    if cents is None or cents < 0:
        return Q()
    invoiced = Invoice.objects.filter(total=cents).values("receivable")
    return Q(amount_owed=cents) | Q(amount_due=cents) | Q(amount_paid=cents) | Q(pk__in=invoiced)


def parse_searched_amount(search_text: str) -> int | None:
    """Return the cents of a text that is an amount, with comma or point; None for zero or another text."""
    try:
        amount = parse_number(re.sub(r"\s?(€|EUR)\s?", "", search_text))
    except ValueError:
        return None
    cents = int(amount * 100)
    # Beyond it, the text is a number of another kind, and no column has room for it.
    return cents if 0 < abs(cents) < 10**12 else None
