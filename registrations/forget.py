"""Recurring work of registrations: held places that lapsed go back on sale, old keys are removed."""

import datetime

from django.utils import timezone

from .models import IdempotencyKey, Registration
from .places import release_lapsed

KEYS_KEPT = datetime.timedelta(days=30)
"""For so long an order that is sent again with its key is known; the API says so."""


def lapsed_holds() -> None:
    """Give back every place that was held for a proof that did not come in time."""
    now = timezone.now()
    tickets = list(Registration.objects.lapsed(at=now).order_by().values_list("ticket", flat=True).distinct())
    if tickets:
        release_lapsed(tickets, at=now)


def old_keys() -> None:
    """Idempotency keys a month after their order."""
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEYS_KEPT).delete()
