"""Recurring work of registrations: held places that lapsed go back on sale, old keys are removed."""

from django.utils import timezone

from .models import IdempotencyKey, Registration
from .places import release_lapsed
from .register import KEY_LASTS

KEYS_KEPT = 2 * KEY_LASTS
"""Well after the order that came with one is known no more."""


def lapsed_holds() -> None:
    """Give back every place that was held for a proof that did not come in time."""
    now = timezone.now()
    tickets = list(Registration.objects.lapsed(at=now).order_by().values_list("ticket", flat=True).distinct())
    if tickets:
        release_lapsed(tickets, at=now)


def old_keys() -> None:
    """Idempotency keys that no longer count."""
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEYS_KEPT).delete()
