"""Periodic jobs of registrations, registered in `apps.py`; each is safe to run twice."""

from django.utils import timezone

from .billing.unbilled import withdraw_lapsed_charges
from .booking.idempotency import KEY_LIFETIME
from .inventory.stock import release_expired_packages, release_ticket_holds
from .models import UNDO_PERIOD, IdempotencyKey, ImportedRow, Registration
from .questions.files import remove_unclaimed_files

# Longer than a key is valid: until then a late repetition gets an error instead of a second order.
IDEMPOTENCY_KEY_LIFETIME = 2 * KEY_LIFETIME


def release_expired_holds() -> None:
    """Release places and packages whose verification or payment did not come in time; stop billing them."""
    now = timezone.now()
    release_expired_packages(at=now)
    tickets = list(
        Registration.objects.with_expired_hold(at=now).order_by().values_list("ticket", flat=True).distinct()
    )
    if tickets:
        release_ticket_holds(tickets, at=now)
    withdraw_lapsed_charges()


def delete_unclaimed_files() -> None:
    """Remove files sent with registrations that were never finished."""
    remove_unclaimed_files()


def delete_old_idempotency_keys() -> None:
    """Delete idempotency keys that are no longer valid."""
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - IDEMPOTENCY_KEY_LIFETIME).delete()


def delete_old_import_rows() -> None:
    """Delete the rows of imports that can no longer be undone."""
    ImportedRow.objects.filter(run__imported_at__lt=timezone.now() - UNDO_PERIOD).delete()
    ImportedRow.objects.filter(run__undone_at__isnull=False).delete()
