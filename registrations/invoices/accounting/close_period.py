"""Close the accounts until a day: the entries and the VAT of the period are stored and no longer change."""

import datetime
from collections import defaultdict
from typing import Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import InvalidFields
from convention.text.dates import format_date
from registrations.invoices.models import ClosedVatAmount, EntryRow, Issuer

from .entry_rows import iter_open_rows
from .vat_report import iter_declared_movements

BATCH_SIZE: Final = 1_000


@transaction.atomic
def close_period(*, last_day: datetime.date) -> Issuer:
    """Close the accounts until `last_day`, included; they cannot be reopened. Raise InvalidFields."""
    # Locked: no movement gets a day in the period while its entries are stored (`find_late_booking_day`).
    issuer = Issuer.objects.select_for_update().get(pk=1)
    if last_day >= timezone.localdate():
        raise _make_day_error(_("Choose a day before today: only past days can be closed."))
    if issuer.closed_until and last_day <= issuer.closed_until:
        sentence = _("The accounts are already closed until %(day)s. Choose a later day.")
        raise _make_day_error(sentence % {"day": format_date(issuer.closed_until)})
    _store_entries(issuer, last_day)
    _store_vat(issuer, last_day)
    issuer.closed_until = last_day
    issuer.save(update_fields=["closed_until"])
    details = {"closed_until": last_day.isoformat()}
    record_action("books.close", issuer, fields=["closed_until"], details=details)
    return issuer


def _store_entries(issuer: Issuer, last_day: datetime.date) -> None:
    # For the French tax office, so always in French.
    with translation.override("fr"):
        rows = list(iter_open_rows(issuer, datetime.date.min, last_day))
    EntryRow.objects.bulk_create(rows, batch_size=BATCH_SIZE)


def _store_vat(issuer: Issuer, last_day: datetime.date) -> None:
    sums: dict[tuple[datetime.date, int, str], list[int]] = defaultdict(lambda: [0, 0])
    for movement in iter_declared_movements(last_day, vat_due=issuer.vat_due):
        if issuer.closed_until is None or movement.due_on > issuer.closed_until:
            amounts = sums[movement.due_on, movement.vat_rate, movement.exemption]
            amounts[0] += movement.net_cents
            amounts[1] += movement.vat_cents
    ClosedVatAmount.objects.bulk_create(
        ClosedVatAmount(due_on=due_on, vat_rate=vat_rate, exemption=exemption, net=net, vat=vat)
        for (due_on, vat_rate, exemption), (net, vat) in sums.items()
        if net or vat
    )


def _make_day_error(sentence: str) -> InvalidFields:
    return InvalidFields(sentence, {"last_day": [sentence]})
