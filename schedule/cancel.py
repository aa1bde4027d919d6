"""Say that a session does not take place. It stays in the programme, struck through, so that nobody waits."""

from django.db import transaction
from django.utils import timezone

from convention.audit.record import record

from .models import Session
from .revision import raise_revision


@transaction.atomic
def cancel(*, session: Session, reason: str = "") -> None:
    """Cancel it; a second time changes nothing."""
    if Session.objects.filter(pk=session.pk, cancelled_at=None).update(cancelled_at=timezone.now()):
        record("session.cancel", session, event=session.event, reason=reason[:300])
        raise_revision(event=session.event)
