"""Create, change and remove add-ons; never fewer places than are taken."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError

from .keep import keep_with_tickets
from .models import Addon, Ticket


class AddonInUse(ConventionError):
    """Somebody takes this add-on."""

    kind = "addon-in-use"
    status = 409


@transaction.atomic
def save_addon(*, addon: Addon, tickets: Collection[Ticket], changed: list[str]) -> Addon:
    """Keep a new or changed add-on; `changed` names its fields. Raises InvalidFields for too few places."""
    keep_with_tickets(addon, kind="addon", tickets=tickets, changed=changed)
    return addon


@transaction.atomic
def remove_addon(*, addon: Addon) -> None:
    """Remove an add-on that nobody ever took. Raises AddonInUse."""
    if addon.chosen.exists():
        sentence = _("“%(addon)s” was taken; it cannot be removed. Close its sale instead.")
        raise AddonInUse(sentence % {"addon": addon.title})
    record("addon.remove", addon, event=addon.event)
    addon.delete()
