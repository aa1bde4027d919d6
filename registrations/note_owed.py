"""What is to be invoiced stands in the treasurer's list within a minute of its confirmation."""

import datetime
import logging

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from convention.errors import ConventionError

from .bill import receivable_of
from .invoices.models import Receivable
from .models import Order, Registration

AT_ONCE = 500
LATEST = datetime.timedelta(days=90)
"""Orders of events that ended longer ago were settled elsewhere, if they were never billed here."""
logger = logging.getLogger(__name__)


def note_owed() -> None:
    """Bill the orders to invoice that have a confirmed place and no receivable yet."""
    confirmed = Registration.objects.confirmed().filter(order=OuterRef("pk"))
    known = Receivable.objects.filter(reference=OuterRef("reference"))
    waiting = Order.objects.filter(
        Exists(confirmed), ~Exists(known), payment=Order.Payment.INVOICE, total__gt=0,
        event__ends_at__gt=timezone.now() - LATEST,
    )  # fmt: skip
    for order in waiting.select_related("event").order_by("-pk")[:AT_ONCE]:
        try:
            _note(order)
        except ConventionError:  # one that cannot be billed holds up no other
            logger.exception("The order %s cannot be billed.", order.reference)


@transaction.atomic
def _note(order: Order) -> None:
    """Under the order's lock: whoever cancels a place meanwhile finds the receivable, or was there before."""
    Order.objects.alone().get(pk=order.pk)
    receivable_of(order)
