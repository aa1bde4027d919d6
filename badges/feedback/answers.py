"""Give feedback on a session, once, anonymously."""

import datetime
import random

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.models import Presence
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import ConventionError, Forbidden, NotOpenNow
from convention.events.models import Event
from registrations.models import Registration
from schedule.models import Session

from .models import FeedbackSettings, SessionFeedback
from .receipts import create_receipt, find_given_feedback


class FeedbackAlreadyGiven(ConventionError):
    """The attendee answered about this session before."""

    kind = "feedback-given"
    status = 409


def load_feedback_settings(event: Event) -> FeedbackSettings:
    """Return the settings of the event; the defaults, unsaved, if it has none."""
    settings = FeedbackSettings.objects.filter(event=event).first() or FeedbackSettings()
    settings.event = event
    return settings


@transaction.atomic
def give_feedback(*, registration: Registration, session: Session, stars: int, comment: str) -> None:
    """Store the answer of an attendee who was scanned in at the session; it cannot be changed.

    The audit trail gets no entry: it would reveal who answered. Raise NotOpenNow, Forbidden for somebody who
    was not scanned in, and FeedbackAlreadyGiven.
    """
    lock_feedback(session)
    settings, _is_new = FeedbackSettings.objects.get_or_create(event=session.event)
    check_session_open(settings, session, at=timezone.now())
    check_attended(registration, session)
    if find_given_feedback([registration], [session]):
        raise FeedbackAlreadyGiven(_("You have already given your feedback on this session."))
    create_receipt(registration, session)
    _store_shuffled(SessionFeedback(session=session, stars=stars, comment=comment))


def lock_feedback(session: Session) -> None:
    """Let one transaction at a time write answers of the session; call it first."""
    acquire_advisory_lock(f"feedback:{session.pk}")


def check_session_open(settings: FeedbackSettings, session: Session, *, at: datetime.datetime) -> None:
    """Raise NotOpenNow unless the session has begun, took place, and its event accepts feedback at `at`."""
    if settings.is_over(at=at):
        raise NotOpenNow(_("Feedback on this event is closed."))
    if not settings.is_enabled:
        raise NotOpenNow(_("This event does not ask for feedback."))
    has_begun = session.starts_at is not None and session.starts_at <= at
    if session.cancelled_at or not session.is_published or not has_begun:
        raise NotOpenNow(_("Feedback on a session can be given once it has begun."))


def check_attended(registration: Registration, session: Session) -> None:
    """Raise Forbidden unless the attendee's badge was admitted at the session's checkpoint."""
    presences = Presence.objects.entered().filter(checkpoint__session=session)
    was_admitted = presences.filter(registration=registration).exists()
    if not was_admitted or registration.state != Registration.State.CONFIRMED:
        raise Forbidden(_("Feedback is for people whose badge was scanned at this session."))


def _store_shuffled(answer: SessionFeedback) -> None:
    """Store the answer, and write all others of the session again, in random order.

    Databases tend to return rows in the order of writing. Compared with the order of the receipts, it would
    reveal who gave which answer.
    """
    answers = [*SessionFeedback.objects.filter(session=answer.session_id), answer]
    random.SystemRandom().shuffle(answers)
    SessionFeedback.objects.filter(session=answer.session_id).delete()
    SessionFeedback.objects.bulk_create(answers)
