"""Create, change and remove add-ons."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError
from registrations.models import Addon, Ticket

from .stock_limits import save_with_tickets


class AddonInUse(ConventionError):
    """The add-on was booked, so that it cannot be removed."""

    kind = "addon-in-use"
    status = 409


@transaction.atomic
def save_addon(*, addon: Addon, tickets: Collection[Ticket], changed: list[str]) -> Addon:
    """Save an add-on; `changed` are its changed fields. Raise InvalidFields for too few places."""
    save_with_tickets(addon, kind="addon", tickets=tickets, changed=changed)
    return addon


@transaction.atomic
def remove_addon(*, addon: Addon) -> None:
    """Remove an add-on that nobody ever booked. Raise AddonInUse."""
    # Cancelled bookings count too: invoices and exports name the add-on.
    if addon.registration_addons.exists():
        sentence = _("“%(addon)s” has been booked and cannot be removed. Set “On sale until” instead.")
        raise AddonInUse(sentence % {"addon": addon.title})
    record_action("addon.remove", addon, event=addon.event)
    addon.delete()
