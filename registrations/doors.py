"""Who may see and change orders and registrations."""

import datetime

from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from convention.errors import Expired, NotFound

from .models import Order

KEPT = datetime.timedelta(days=90)


def order_by_link(reference: str, secret: str, *, at: datetime.datetime | None = None) -> Order:
    """The order behind a mailed link: whoever holds the link may see, correct and cancel.

    Raises NotFound for a forged or replaced link, Expired for one whose event is long over.
    """
    order = Order.objects.select_related("event__venue", "event__host").filter(reference=reference).first()
    if order is None or not constant_time_compare(order.secret, secret):
        raise NotFound(
            _(
                "This link is not valid. It may have been cut in the mail, or replaced by a newer one: "
                "use the one in the latest mail."
            )
        )
    if (at or timezone.now()) > order.event.ends_at + KEPT:
        raise Expired(_("This link has expired: the event is over."))
    return order
