"""Free the slots of accepted proposals whose speakers decline."""

from django.db import transaction

from convention.audit.record import record_action
from schedule.editing.draft_slots import load_state, lock_session, move_session
from schedule.models import Session, SessionProposal


@transaction.atomic
def free_declined_session(session: Session) -> bool:
    """Take a session out of the draft once all its speakers declined; return whether its slot is free now.

    Only for a session that was a proposal: who else could give any other is not known. It stays without a
    time; if it is published, it is public until the draft is published.
    """
    if not SessionProposal.objects.filter(session=session).exists():
        return False
    locked = lock_session(session, author=None)
    if locked.appearances.filter(declined_at=None).exists() or load_state(locked) is None:
        return False
    move_session(locked, None, None)
    record_action("session.free", locked, event=locked.event)
    return True
