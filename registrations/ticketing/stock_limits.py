"""Save stock as an organizer changes it, never with fewer places than are reserved."""

from collections.abc import Collection

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.db.limited_stock import LimitedStock
from convention.errors import InvalidFields
from registrations.models import Addon, Ticket, Voucher


def save_capacity(row: LimitedStock) -> None:
    """Save the capacity with a conditional statement, since others may be booking. Raise InvalidFields."""
    stored = type(row)._default_manager.filter(pk=row.pk)
    updatable = stored if row.capacity is None else stored.filter(reserved__lte=row.capacity)
    if not updatable.update(capacity=row.capacity):
        raise_too_few_places(stored.get().reserved)


def raise_too_few_places(reserved: int) -> None:
    """Raise InvalidFields because that many places are reserved."""
    sentence = ngettext(
        "%(taken)d place is already taken, so the number cannot be lower.",
        "%(taken)d places are already taken, so the number cannot be lower.",
        reserved,
    )
    raise InvalidFields(
        _("Some fields need to be corrected."), {"capacity": [sentence % {"taken": reserved}]}
    )


def save_sale_item(row: LimitedStock, changed: Collection[str]) -> None:
    """Save a new row, or the changed columns of a stored one. Raise InvalidFields for too few places."""
    if row.pk is None:
        row.save()
        return
    # The capacity is saved by its own statement and `reserved` never: bookings change it meanwhile.
    save_capacity(row)
    columns = {field.name for field in row._meta.concrete_fields}
    row.save(update_fields=[name for name in changed if name in columns - {"capacity", "reserved"}])


def save_with_tickets(
    row: Addon | Voucher, *, kind: str, tickets: Collection[Ticket], changed: list[str]
) -> None:
    """Save an add-on or voucher with its tickets, and audit it as `KIND.create` or `KIND.change`."""
    verb = f"{kind}.change" if row.pk else f"{kind}.create"
    save_sale_item(row, changed)
    row.tickets.set(tickets)
    record_action(verb, row, event=row.event, fields=changed)
