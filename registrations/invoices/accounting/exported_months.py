"""Months whose entries the accountant has: what is dated in them later needs a new export."""

import datetime
from collections.abc import Iterable

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from convention.audit.models import AuditEntry
from convention.audit.record import record_action
from convention.text.dates import format_date
from registrations.invoices.ledger.closed_period import describe_late_bookings
from registrations.invoices.models import Issuer

EXPORT_VERB = "books.export"


def record_export(first: datetime.date, last: datetime.date) -> None:
    """Record that the entries of a period, both days included, were downloaded."""
    period = {"first": first.isoformat(), "last": last.isoformat()}
    record_action(EXPORT_VERB, "fec", fields=["fec"], details=period)


def list_period_warnings(days: Iterable[datetime.date]) -> list[str]:
    """Return what to know about movements of these days: booked later, or a new export is needed."""
    days = list(days)
    issuer = Issuer.get_current()
    closed_until = issuer.closed_until if issuer else None
    open_days = [day for day in days if closed_until is None or day > closed_until]
    return [*describe_late_bookings(days), *list_export_warnings(open_days)]


def list_export_warnings(days: Iterable[datetime.date]) -> list[str]:
    """Return a warning for each month before this one that has such a day and was exported."""
    current_month = timezone.localdate().replace(day=1)
    # One day of each month, the oldest first.
    by_month = {day.replace(day=1): day for day in days if day < current_month}
    if not by_month:
        return []
    # The latest first, by the ordering of the model.
    exports = list(AuditEntry.objects.filter(verb=EXPORT_VERB, created_at__date__gte=min(by_month)))
    warnings = []
    for month, day in sorted(by_month.items()):
        if export := next((entry for entry in exports if _covers_day(entry, day)), None):
            values = {
                "month": date_format(month, "F Y"),
                "day": format_date(timezone.localdate(export.created_at)),
            }
            sentence = _(
                "This changes %(month)s, which was exported on %(day)s: send the new export to the "
                "accountant."
            )
            warnings.append(sentence % values)
    return warnings


def _covers_day(export: AuditEntry, day: datetime.date) -> bool:
    return export.details["first"] <= day.isoformat() <= export.details["last"]
