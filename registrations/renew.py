"""Renew the link of an order: a new secret, after which every link mailed before opens nothing."""

from django.db import transaction

from convention.audit.record import record

from .models import Order
from .references import new_secret
from .send_links import mail_links


@transaction.atomic
def renew(*, order: Order, reason: str = "") -> Order:
    """Replace the secret and mail the new link to whoever ordered."""
    order.secret = new_secret()
    order.save(update_fields=["secret"])
    record("order.renew_link", order, event=order.event, fields=["secret"], reason=reason)
    if order.email:
        mail_links.enqueue([order.pk], [])
    return order
