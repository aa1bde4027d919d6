"""Printed badges of registrations that were cancelled since: list them, and record that they were removed.

A badge that was removed from the pile counts as not printed: if its registration is reinstated, it needs a
new one.
"""

from collections.abc import Callable, Collection
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from badges.models import LastPrintedBadge
from convention.audit.record import record_action
from convention.events.models import Event
from convention.tables.downloads import TableSheet
from registrations.models import Registration


def query_cancelled_badges(event: Event) -> QuerySet[Registration]:
    """Return the cancelled registrations whose badge was printed, by last name."""
    rows = Registration.objects.filter(event=event, cancelled_at__isnull=False)
    return rows.filter(last_printed_badge__isnull=False).order_by("sort_name", "pk")


def get_letter(registration: Registration) -> str:
    """Return the letter under which the badge lies in a pile that is sorted by last name."""
    return registration.sort_name[:1].upper()


@transaction.atomic
def record_removed_badges(*, event: Event, references: Collection[str]) -> int:
    """Record that the printed badges of these cancelled registrations were removed; return how many."""
    removed = query_cancelled_badges(event).filter(reference__in=references)
    count = LastPrintedBadge.objects.filter(registration__in=removed.order_by()).delete()[0]
    if count:
        record_action("badges.remove", event, event=event)
    return count


def build_cancelled_sheet(event: Event) -> TableSheet:
    header = [
        _("Letter"),
        _("Last name"),
        _("First name"),
        _("Company"),
        _("Reference"),
        pgettext("registration", "Cancelled on"),
    ]
    rows = (
        [
            get_letter(row), row.last_name, row.first_name, row.company, row.reference,
            row.cancelled_at.astimezone(event.zone) if row.cancelled_at else "",
        ]
        for row in query_cancelled_badges(event)
    )  # fmt: skip
    return TableSheet(_("Badges to remove"), header, rows)


LISTS: Final[dict[str, Callable[[Event], TableSheet]]] = {"badges-to-remove": build_cancelled_sheet}
