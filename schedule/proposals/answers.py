"""Free the slots of accepted proposals whose speakers decline, and delete proposals long after the event."""

import datetime

from django.db import transaction

from convention.audit.record import record_action
from schedule.editing.draft_slots import load_state, lock_session, move_session
from schedule.models import CallForProposals, Session, SessionProposal


@transaction.atomic
def free_declined_session(session: Session) -> bool:
    """Take a session out of the draft once all its speakers declined; return whether its slot is free now.

    Only a session that was a proposal: who else could give it is not known. It stays without a time, and a
    published one is public until the draft is published.
    """
    if not SessionProposal.objects.filter(session=session).exists():
        return False
    locked = lock_session(session, author=None)
    if locked.appearances.filter(declined_at=None).exists() or load_state(locked) is None:
        return False
    move_session(locked, None, None)
    record_action("session.free", locked, event=locked.event)
    return True


def delete_old_proposals(before: datetime.datetime) -> int:
    """Delete proposals without a session of events that ended before `before`; return their number."""
    calls = CallForProposals.objects.filter(event__ends_at__lt=before)
    rows = SessionProposal.objects.filter(call__in=calls, session=None)
    count: int = rows.count()
    rows.delete()
    return count
