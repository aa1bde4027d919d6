"""Days of movements in a closed period: what is recorded later is booked on the first open day.

`accounting.close_period` stores the entries of the period when it is closed.
"""

import datetime
from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.text.dates import format_date
from registrations.invoices.models import Issuer


def find_closed_until() -> datetime.date | None:
    """Return the last day of the closed period, None if no period is closed."""
    issuer = Issuer.get_current()
    return issuer.closed_until if issuer else None


def find_late_booking_day(day: datetime.date | None) -> datetime.date | None:
    """Return the first open day if `day`, by default today, is in a closed period, else None.

    Needs a transaction.
    """
    # The period that is closed always ends before today, so that most movements need no query.
    if day is None or day >= timezone.localdate():
        return None
    # Locked: a period cannot be closed between this answer and the movement.
    issuer = Issuer.objects.select_for_update().filter(pk=1).first()
    if issuer is None or issuer.closed_until is None or day > issuer.closed_until:
        return None
    return issuer.first_open_day


def describe_late_bookings(days: Iterable[datetime.date]) -> list[str]:
    """Return a sentence if movements of one of these days are booked on the first open day."""
    issuer = Issuer.get_current()
    if issuer is None or issuer.closed_until is None or issuer.first_open_day is None:
        return []
    closed_until, first_open_day = issuer.closed_until, issuer.first_open_day
    if all(day > closed_until for day in days):
        return []
    sentence = _(
        "The accounts are closed until %(closed)s: what is dated in the closed period is booked on %(open)s, "
        "with its own date as the document date."
    )
    return [sentence % {"closed": format_date(closed_until), "open": format_date(first_open_day)}]
