"""A day of a large convention: 484 sessions in 30 rooms, as the busiest published day that is known."""

import datetime
from collections.abc import Sequence

from convention.events.models import Event, Room
from schedule.models import ProgrammeAudience, Session, SessionSpeaker, Speaker, Track
from schedule.programme.programme_version import get_programme_version

SESSION_COUNT = 484
ROOM_COUNT = 30
Content = tuple[str, str, tuple[str, ...]]  # title, subtitle, speakers


def make_large_day(
    event: Event, *, starts_at: datetime.datetime, contents: Sequence[Content] = (), tracks: int = 12
) -> None:
    """Create rooms, tracks and sessions of half an hour, from `starts_at` on, all on its programme day."""
    day = get_programme_version(event, audience=ProgrammeAudience.PUBLIC).get_programme_day(starts_at)
    rooms = Room.objects.bulk_create(
        Room(event=event, name=f"Salle {number:02}", position=number) for number in range(ROOM_COUNT)
    )
    tracks_made = Track.objects.bulk_create(
        Track(event=event, name=f"Parcours {number}", color="#2f6b3a", position=number)
        for number in range(tracks)
    )
    texts = [*contents][:SESSION_COUNT] or [
        (f"Session {number}", "", (f"Personne {number}",)) for number in range(SESSION_COUNT)
    ]
    sessions = []
    for number, (title, subtitle, _names) in enumerate(texts):
        room = number % ROOM_COUNT
        # Rooms begin at different minutes, as at large events, so that the day has many starts.
        begins = starts_at + datetime.timedelta(minutes=35 * (number // ROOM_COUNT) + 5 * (room % 3))
        sessions.append(
            Session(
                event=event, number=number + 1, title=title, subtitle=subtitle, room=rooms[room],
                track=tracks_made[number % tracks], starts_at=begins, day=day,
                ends_at=begins + datetime.timedelta(minutes=30),
            )
        )  # fmt: skip
    Session.objects.bulk_create(sessions)
    names = sorted({name for _title, _subtitle, speakers in texts for name in speakers})
    speakers = Speaker.objects.bulk_create(Speaker(event=event, name=name) for name in names)
    by_name = {speaker.name: speaker for speaker in speakers}
    SessionSpeaker.objects.bulk_create(
        SessionSpeaker(session=session, speaker=by_name[name], position=position)
        for session, (_title, _subtitle, speakers) in zip(sessions, texts, strict=True)
        for position, name in enumerate(dict.fromkeys(speakers))
    )
