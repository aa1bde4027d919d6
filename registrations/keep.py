"""Keep what is sold as an organizer fills it in; never fewer places than are taken."""

from collections.abc import Collection

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record
from convention.counters import Counted
from convention.errors import InvalidFields

from .models import Addon, Ticket, Voucher


def resize(row: Counted) -> None:
    """Set the places by one conditional statement, since someone may be taking one right now.

    Raises InvalidFields for too few places.
    """
    same = type(row)._default_manager.filter(pk=row.pk)
    fits = same if row.capacity is None else same.filter(taken__lte=row.capacity)
    if not fits.update(capacity=row.capacity):
        refuse_fewer(same.get().taken)


def refuse_fewer(taken: int) -> None:
    """Raises InvalidFields: so many are taken."""
    sentence = ngettext(
        "%(taken)d place is taken already; there cannot be fewer.",
        "%(taken)d places are taken already; there cannot be fewer.",
        taken,
    )
    raise InvalidFields(_("Some fields need another look."), {"capacity": [sentence % {"taken": taken}]})


def keep(row: Counted, changed: Collection[str]) -> None:
    """Keep a new row, or those of its columns that were changed. Raises InvalidFields for too few places."""
    if row.pk is None:
        row.save()
        return
    resize(row)
    columns = {field.name for field in row._meta.concrete_fields}
    row.save(update_fields=[name for name in changed if name in columns - {"capacity", "taken"}])


def keep_with_tickets(
    row: Addon | Voucher, *, kind: str, tickets: Collection[Ticket], changed: list[str]
) -> None:
    """The same for what holds for some tickets, with its line in the audit trail under that kind."""
    verb = f"{kind}.change" if row.pk else f"{kind}.create"
    keep(row, changed)
    row.tickets.set(tickets)
    record(verb, row, event=row.event, fields=changed)
