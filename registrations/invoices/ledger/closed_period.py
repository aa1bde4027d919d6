"""Close the accounts until a day; what is recorded later for a day before is booked on the first open day.

The entries of a closed period then keep their numbers: no movement gets a day in it any more.
"""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import InvalidFields
from convention.text.dates import format_date
from registrations.invoices.models import Issuer


@transaction.atomic
def close_period(*, last_day: datetime.date) -> Issuer:
    """Close the accounts until `last_day`, included; they cannot be reopened. Raise InvalidFields."""
    issuer = Issuer.objects.select_for_update().get(pk=1)
    if last_day >= timezone.localdate():
        raise _make_day_error(_("Choose a day before today: only past days can be closed."))
    if issuer.closed_until and last_day <= issuer.closed_until:
        sentence = _("The accounts are already closed until %(day)s. Choose a later day.")
        raise _make_day_error(sentence % {"day": format_date(issuer.closed_until)})
    issuer.closed_until = last_day
    issuer.save(update_fields=["closed_until"])
    details = {"closed_until": last_day.isoformat()}
    record_action("books.close", issuer, fields=["closed_until"], details=details)
    return issuer


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


def _make_day_error(sentence: str) -> InvalidFields:
    return InvalidFields(sentence, {"last_day": [sentence]})
