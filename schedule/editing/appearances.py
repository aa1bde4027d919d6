"""Replace the speakers of sessions."""

from collections.abc import Sequence

from schedule.models import Session, SessionSpeaker, Speaker

BATCH_SIZE = 300


def replace_appearances(sessions_with_speakers: Sequence[tuple[Session, Sequence[Speaker]]]) -> None:
    """Set the speakers of each session, in order; part and answer of those who stay are preserved."""
    sessions = [session.pk for session, _speakers in sessions_with_speakers]
    rows = SessionSpeaker.objects.filter(session__in=sessions)
    known = {(row.session_id, row.speaker_id): row for row in rows}
    # Created again rather than changed one by one: an import replaces hundreds.
    rows.delete()
    SessionSpeaker.objects.bulk_create(
        (
            make_appearance(session, speaker, position, known.get((session.pk, speaker.pk)))
            for session, speakers in sessions_with_speakers
            for position, speaker in enumerate(speakers)
        ),
        batch_size=BATCH_SIZE,
    )


def make_appearance(
    session: Session, speaker: Speaker, position: int, before: SessionSpeaker | None
) -> SessionSpeaker:
    """Return the unsaved row of a speaker, with what was known of them in this session."""
    appearance = SessionSpeaker(session=session, speaker=speaker, position=position)
    if before:
        appearance.part = before.part
        appearance.confirmed_at, appearance.declined_at = before.confirmed_at, before.declined_at
    return appearance
