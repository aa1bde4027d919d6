"""Say that a cancelled session takes place after all."""

from django.db import transaction

from convention.audit.record import record

from .models import Session
from .revision import raise_revision


@transaction.atomic
def restore(*, session: Session) -> None:
    """Undo a cancellation; a second time changes nothing."""
    if Session.objects.filter(pk=session.pk).exclude(cancelled_at=None).update(cancelled_at=None):
        record("session.restore", session, event=session.event)
        raise_revision(event=session.event)
