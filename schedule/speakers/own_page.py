"""List the sessions and feedback of a speaker's own page, and let them confirm or decline sessions."""

from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.api.throttles import consume_rate_limit
from convention.audit.record import record_action
from convention.errors import NotFound
from schedule.models import Session, SessionSpeaker, Speaker

from .notifications import notify_declined

MAX_CHANGES_PER_MINUTE: Final = 60


def throttle_changes(speaker: Speaker) -> None:
    """Count one change on the speaker's page. Raise TooManyRequests above the limit."""
    consume_rate_limit("speaker-page", str(speaker.pk), limit=MAX_CHANGES_PER_MINUTE, window_seconds=60)


def list_appearances(speaker: Speaker) -> list[SessionSpeaker]:
    """Return the speaker's sessions, those without a published time last; blocked times are left out."""
    rows = speaker.appearances.exclude(session__role=Session.Role.BLOCKER)
    rows = rows.select_related("session__room", "session__track").order_by("pk")
    return sorted(rows, key=_get_sort_key)


def _get_sort_key(appearance: SessionSpeaker) -> tuple[bool, str]:
    starts_at = appearance.session.starts_at
    # The database returns UTC, so texts sort as the moments do.
    return starts_at is None, starts_at.isoformat() if starts_at else appearance.session.title


def list_feedback_summaries(speaker: Speaker) -> list[Any]:
    """Return the summaries of the feedback on the speaker's sessions, once the event is over."""
    return [
        summary
        for summarize in hooks.speaker_feedback.providers()
        for summary in summarize([speaker]).get(speaker.pk, [])
    ]


@transaction.atomic
def confirm_session(*, speaker: Speaker, session_id: int) -> None:
    """Note that the speaker comes to the session. Raise NotFound if it is not theirs."""
    appearance = _lock_appearance(speaker, session_id)
    if appearance.confirmed_at is None:
        appearance.confirmed_at, appearance.declined_at = timezone.now(), None
        _save_answer(appearance, "session.confirm_speaker")


@transaction.atomic
def decline_session(*, speaker: Speaker, session_id: int) -> None:
    """Note that the speaker cannot give the session, and notify the organizers; the programme stays."""
    appearance = _lock_appearance(speaker, session_id)
    if appearance.declined_at is None:
        # Each is an e-mail to the organizers.
        consume_rate_limit("speaker-declined", str(speaker.pk), limit=10, window_seconds=3600)
        appearance.confirmed_at, appearance.declined_at = None, timezone.now()
        _save_answer(appearance, "session.decline_speaker")
        notify_declined.enqueue(appearance.pk)


def _lock_appearance(speaker: Speaker, session_id: int) -> SessionSpeaker:
    rows = SessionSpeaker.objects.select_for_update(of=("self",)).select_related("session")
    rows = rows.filter(session__cancelled_at=None).exclude(session__role=Session.Role.BLOCKER)
    appearance = rows.filter(speaker=speaker, session=session_id).first()
    if appearance is None:
        raise NotFound(_("You are no longer a speaker in this session."))
    return appearance


def _save_answer(appearance: SessionSpeaker, verb: str) -> None:
    appearance.save(update_fields=["confirmed_at", "declined_at"])
    record_action(
        verb,
        appearance.session,
        event=appearance.speaker.event,
        fields=["confirmed_at", "declined_at"],
    )
