"""Receipts of given feedback: who answered about which session, readable with SECRET_KEY only.

If receipts named registrations, a copy of the database would reveal who answered what at every session with
a single answer, or with equal stars.
"""

import datetime
from collections.abc import Collection, Iterable
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from badges.attendance.models import Presence
from convention.codes.secret_keys import list_secret_keys
from registrations.models import Registration
from schedule.models import Session

from .models import FeedbackReceipt, FeedbackSettings

PURPOSE: Final = "badges.feedback.receipt"


def create_receipt(registration: Registration, session: Session) -> None:
    """Store that the attendee answered; call it in the transaction of the answer."""
    digest = _compute_digest(list_secret_keys()[0], registration.reference, session)
    FeedbackReceipt.objects.create(digest=digest, session=session)


def find_given_feedback(
    registrations: Collection[Registration], sessions: Collection[Session]
) -> set[tuple[int, int]]:
    """Return the ids of session and registration where the attendee answered, also before a merge."""
    references = {registration.reference: registration.pk for registration in registrations}
    merged = Registration.objects.filter(merged_into__in=references.values()).only("reference", "merged_into")
    references |= {row.reference: row.merged_into_id for row in merged if row.merged_into_id}
    pairs = {
        digest: (session.pk, pk)
        for session in sessions
        for reference, pk in references.items()
        for digest in compute_digests([reference], [session])
    }
    receipts = FeedbackReceipt.objects.filter(digest__in=pairs)
    return {pairs[digest] for digest in receipts.values_list("digest", flat=True)}


def compute_digests(references: Collection[str], sessions: Iterable[Session]) -> list[str]:
    """Return every digest that these registrations may have at these sessions, under each secret key."""
    return [
        _compute_digest(key, reference, session)
        for session in sessions
        for reference in references
        for key in list_secret_keys()
    ]


def _compute_digest(key: str, reference: str, session: Session) -> str:
    return salted_hmac(PURPOSE, f"{reference}:{session.guid}", secret=key, algorithm="sha256").hexdigest()


def find_receipts_of(registrations: QuerySet[Registration]) -> QuerySet[FeedbackReceipt]:
    """Return the receipts of these registrations, for exports and erasures."""
    presences = Presence.objects.entered().filter(registration__in=registrations)
    sessions = Session.objects.filter(pk__in=presences.values("checkpoint__session"))
    references = list(registrations.values_list("reference", flat=True))
    return FeedbackReceipt.objects.filter(digest__in=compute_digests(references, sessions))


def close_feedback(at: datetime.datetime) -> int:
    """Delete the receipts of events whose feedback is over at `at`; return how many."""
    count = 0
    rows = FeedbackSettings.objects.filter(closed_at__isnull=True, event__ends_at__lte=at)
    for settings in rows.select_related("event"):
        if settings.is_over(at=at):
            count += _close_event(settings, at)
    return count


@transaction.atomic
def _close_event(settings: FeedbackSettings, at: datetime.datetime) -> int:
    FeedbackSettings.objects.filter(pk=settings.pk).update(closed_at=at)
    count, _by_model = FeedbackReceipt.objects.filter(session__event=settings.event_id).delete()
    return count
