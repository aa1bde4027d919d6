"""Rows of the FEC: stored for closed days, computed for open days.

What changed in the closed period since it was closed, such as another VAT option or the payments of a payout,
is booked on the first open day, so that the sums by account are always those of today's data.
"""

import datetime
import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from django.db.models import Field, Max, Sum
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from registrations.invoices.ledger.closed_period import find_closed_until
from registrations.invoices.models import EntryRow, Issuer, Receivable

from .journal_entries import EntrySide, Journal, JournalEntry, build_entries, drop_empty_sides

DAY: Final = datetime.timedelta(days=1)


def list_entry_rows(issuer: Issuer, first_day: datetime.date, last_day: datetime.date) -> list[EntryRow]:
    """Return the rows of a period in order; both days are included. Labels are in the active language.

    Entries are numbered from the first day of the calendar year, so that each has the same number in the file
    of a month and in that of the year.
    """
    stored_rows = EntryRow.objects.filter(booked_on__range=(first_day, last_day))
    open_rows = iter_open_rows(issuer, first_day.replace(month=1, day=1), last_day)
    return [
        *stored_rows,
        *(row for row in open_rows if row.booked_on >= first_day),
    ]


def iter_open_rows(issuer: Issuer, first_day: datetime.date, last_day: datetime.date) -> Iterator[EntryRow]:
    """Yield the unsaved rows of the open days of a period that begins with a year."""
    closed_until = find_closed_until()
    role_issuer = build_role_issuer(issuer)
    if closed_until is None or closed_until < first_day:
        entries = build_entries(role_issuer, first_day, last_day)
    elif closed_until < last_day:
        entries = build_entries(role_issuer, closed_until + DAY, last_day)
    else:
        return
    if closed_until and first_day <= closed_until + DAY <= last_day:
        # Numbered first, for it is on the first of these days.
        entries = [*iter_adjustments(role_issuer, closed_until), *entries]
    yield from iter_numbered_rows(issuer, entries)


def build_role_issuer(issuer: Issuer) -> Issuer:
    """Return an unsaved issuer whose account numbers are the names of their fields.

    Its entries can be compared with those booked on the numbers of another time.
    """
    return Issuer(vat_due=issuer.vat_due, **{field.name: field.name for field in list_account_fields()})


def list_account_fields() -> list[Field]:
    """Return the issuer's fields that contain an account number."""
    return [field for field in Issuer._meta.concrete_fields if field.name.startswith("account_")]


def iter_adjustments(role_issuer: Issuer, closed_until: datetime.date) -> Iterator[JournalEntry]:
    """Yield an entry of the first open day with what the closed period lacks by today's data, if anything."""
    missing: dict[tuple[str, str], int] = defaultdict(int)
    receivables: dict[str, Receivable] = {}
    for entry in build_entries(role_issuer, datetime.date.min, closed_until):
        for side in entry.sides:
            reference = ""
            if side.receivable:
                reference = side.receivable.reference
                receivables[reference] = side.receivable
            missing[side.account, reference] += side.amount_cents
    stored_rows = EntryRow.objects.order_by().values("account_role", "customer_reference")
    for row in stored_rows.annotate(total=Sum("amount")):
        missing[row["account_role"], row["customer_reference"]] -= row["total"]
    references = {reference for (_role, reference), cents in missing.items() if cents and reference}
    receivables |= Receivable.objects.in_bulk(references - receivables.keys(), field_name="reference")
    sides = drop_empty_sides(
        EntrySide(role, cents, receivables.get(reference))
        for (role, reference), cents in sorted(missing.items())
    )
    if sides:
        document_reference = f"{closed_until:%Y%m%d}"
        label = _("Adjustment of closed entries")
        yield JournalEntry(Journal.VAT, closed_until + DAY, document_reference, label, sides)


def iter_numbered_rows(issuer: Issuer, journal_entries: list[JournalEntry]) -> Iterator[EntryRow]:
    """Yield the rows of entries sorted by day, numbered after the stored entries of their calendar year.

    The accounts of the entries are roles (`build_role_issuer`); the rows have the issuer's numbers.
    """
    names = get_account_names(issuer)
    for year, entries in itertools.groupby(journal_entries, key=lambda entry: entry.booked_on.year):
        stored_rows = EntryRow.objects.filter(booked_on__year=year)
        first_number = (stored_rows.aggregate(last=Max("number"))["last"] or 0) + 1
        for number, entry in enumerate(entries, start=first_number):
            receivables = {side.receivable for side in entry.sides if side.receivable}
            # An adjustment may be about several buyers: only their own rows lead to them.
            receivable = receivables.pop() if len(receivables) == 1 else None
            for side in entry.sides:
                row = build_entry_row(entry, side, number=number, account=getattr(issuer, side.account))
                row.account_label = names[row.account]
                row.receivable = side.receivable or receivable
                yield row


def get_account_names(issuer: Issuer) -> dict[str, str]:
    """Return the label of each account number."""
    return {getattr(issuer, field.name): capfirst(str(field.verbose_name)) for field in list_account_fields()}


def build_entry_row(entry: JournalEntry, side: EntrySide, *, number: int, account: str) -> EntryRow:
    code, journal = entry.journal.value
    return EntryRow(
        number=number,
        booked_on=entry.booked_on,
        journal=code,
        account_role=side.account,
        account=account,
        customer_reference=side.receivable.reference if side.receivable else "",
        customer_name=get_buyer_name(side.receivable) if side.receivable else "",
        document_reference=entry.document_reference,
        documented_on=entry.documented_on or entry.booked_on,
        label=entry.label or journal,
        amount=side.amount_cents,
    )


def get_buyer_name(receivable: Receivable) -> str:
    """Return the customer's name, which FEC requires; for an erased buyer the last invoice has it."""
    if receivable.name:
        return receivable.name
    last = receivable.invoices.last()
    return last.buyer_name if last else receivable.reference
