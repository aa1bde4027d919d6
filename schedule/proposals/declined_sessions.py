"""Free the slots of accepted proposals whose speakers decline."""

from django.db import transaction

from convention.audit.record import record_action
from schedule.editing.draft_slots import load_state, lock_session, move_session
from schedule.models import Session, SessionProposal


@transaction.atomic
def free_declined_session(session: Session) -> bool:
    """Take a session out of the draft once all its speakers declined; return whether its slot is free now.

    Only sessions that were proposed are freed; for others, organizers may have another speaker in mind. The
    session stays without a time; a published one stays public until the draft is published.
    """
    if not SessionProposal.objects.filter(session=session).exists():
        return False
    locked = lock_session(session, author=None)
    if locked.appearances.filter(declined_at=None).exists() or load_state(locked) is None:
        return False
    move_session(locked, None, None)
    record_action("session.free", locked, event=locked.event)
    return True
