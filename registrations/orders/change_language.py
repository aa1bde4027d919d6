"""Change the language of an existing order: that of its e-mails, badges and wallet passes."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import InvalidFields
from registrations.models import Order
from registrations.permissions import LinkAccess


def can_change_language(link_access: LinkAccess) -> bool:
    """Return whether the holder of the link may choose the language: not for the others of a group."""
    return link_access.is_full or link_access.order.registrations.count() == 1


@transaction.atomic
def change_order_language(*, order: Order, language: str) -> Order:
    """Save the language of everything that is sent from now on. Raise InvalidFields for an unknown one."""
    if language not in dict(settings.LANGUAGES):
        raise InvalidFields(
            _("Some fields need to be corrected."), {"language": [_("Choose the language of the e-mails.")]}
        )
    order = Order.objects.locked_for_update().get(pk=order.pk)
    if order.language != language:
        order.language = language
        order.save(update_fields=["language"])
        record_action("order.change_language", order, event=order.event, fields=["language"])
    return order
