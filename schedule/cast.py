"""Say who speaks in a session, by name."""

from collections.abc import Sequence

from convention.search import fold

from .models import Session, SessionSpeaker, Speaker


def cast(*, session: Session, names: Sequence[str]) -> None:
    """Make these the speakers, in this order; a name nobody has yet is a new speaker.

    Of several speakers with one name, the one who stands in the session already stays.
    """
    known = {fold(speaker.name): speaker for speaker in session.event.speakers.order_by("-pk")}
    known |= {fold(speaker.name): speaker for speaker in session.speakers.all()}
    session.appearances.all().delete()
    unique = {fold(name): name for name in reversed(names)}
    for position, (key, name) in enumerate(reversed(unique.items())):
        speaker = known.get(key) or Speaker.objects.create(event=session.event, name=name)
        SessionSpeaker.objects.create(session=session, speaker=speaker, position=position)
