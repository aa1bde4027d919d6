"""What is to be invoiced stands in the treasurer's list within a minute of its confirmation."""

import datetime
import logging

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from convention.errors import ConventionError

from .bill import receivable_of
from .invoices.models import Receivable
from .models import UNVERIFIED, Order, Registration
from .models.orders import OrderQuerySet

AT_ONCE = 500
LATEST = datetime.timedelta(days=90)
"""Orders of events that ended longer ago were settled elsewhere, if they were never billed here."""
logger = logging.getLogger(__name__)


def note_owed() -> None:
    """Bill the orders to invoice that have a confirmed place, none in the balance, and no receivable yet."""
    for key in list(_waiting().order_by("-pk").values_list("pk", flat=True)[:AT_ONCE]):
        try:
            _note(key)
        except ConventionError:  # one that cannot be billed holds up no other
            logger.exception("The order with the key %s cannot be billed.", key)


def _waiting() -> OrderQuerySet:
    """A place that is held may be proven within half an hour, or lapse: then it was never owed."""
    now, its = timezone.now(), {"order": OuterRef("pk")}
    held = Registration.objects.active(at=now).filter(confirmed_at__isnull=True, **its)
    known = Receivable.objects.filter(reference=OuterRef("reference"))
    return Order.objects.select_related("event").exclude(UNVERIFIED).filter(
        Exists(Registration.objects.confirmed().filter(**its)), ~Exists(held), ~Exists(known),
        payment=Order.Payment.INVOICE, total__gt=0, event__ends_at__gt=now - LATEST,
    )  # fmt: skip


@transaction.atomic
def _note(key: int) -> None:
    """Under the order's lock: whoever cancels a place meanwhile finds the receivable, or was there before."""
    list(Order.objects.alone().filter(pk=key).values_list("pk"))
    if order := _waiting().filter(pk=key).first():
        receivable_of(order)
