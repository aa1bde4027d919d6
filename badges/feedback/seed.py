"""Create the demo's feedback on the sessions of its past edition."""

import uuid
from typing import Final

from badges.attendance.models import Presence
from convention.events.models import Event
from convention.seeding import DemoWorld

from .models import FeedbackSettings, SessionFeedback

ANSWER_RATE: Final = 0.4
COMMENT_RATE: Final = 0.5
STAR_WEIGHTS: Final = {5: 40, 4: 35, 3: 15, 2: 7, 1: 3}
COMMENTS: Final = (
    "Très concret, on repart avec des idées à appliquer.",
    "Trop rapide à la fin\u202f: j’aurais aimé voir la démonstration en entier.",
    "La meilleure session de la journée.",
    "Salle trop petite, mais le contenu valait la peine.",
    "Beaucoup de jargon pour qui débute.",
    "Clear slides, and honest about what did not work.",
    "Merci pour les chiffres, c’est rare.",
)


def seed(world: DemoWorld) -> None:
    """Create anonymous answers for the demo's club size; the time for feedback is over."""
    past = Event.objects.filter(kind=Event.Kind.CONVENTION, ends_at__lt=world.now).first()
    if world.size != "club" or past is None:
        return
    FeedbackSettings.objects.create(event=past, closed_at=world.now)
    rng = world.make_rng("feedback", past.slug)
    presences = Presence.objects.entered().filter(event=past, checkpoint__session__isnull=False)
    # The attendees are not read: answers are anonymous in the demo too.
    sessions = presences.order_by("pk").values_list("checkpoint__session", flat=True)
    SessionFeedback.objects.bulk_create(
        SessionFeedback(
            id=uuid.UUID(int=rng.getrandbits(128), version=4),
            session_id=session,
            stars=rng.choices([*STAR_WEIGHTS], [*STAR_WEIGHTS.values()])[0],
            comment=rng.choice(COMMENTS) if rng.random() < COMMENT_RATE else "",
        )
        for session in sessions
        if rng.random() < ANSWER_RATE
    )
