"""Put sessions into a personal agenda and take them out. The secret token is all that a visitor needs."""

from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.api.throttles import seconds_to_wait
from convention.errors import ConventionError
from convention.events.models import Event

from .models import Selection, Session

MOST_CHOSEN: Final = 500
CHANGES_A_MINUTE: Final = 120
NEW_A_MINUTE: Final = 1200


class TooMany(ConventionError):
    """Too many sessions, or too many changes within a minute."""

    kind = "too-many"
    status = 429


def choose(*, event: Event, session: Session, selection: Selection | None) -> Selection:
    """Put a session into a personal agenda, into a new one where there is none yet."""
    chosen = selection or begin(event=event)
    slow_down(f"selection-{chosen.pk}", CHANGES_A_MINUTE)
    if chosen.sessions.count() >= MOST_CHOSEN:
        raise TooMany(_("Your programme is full: it holds 500 sessions. Take one out first."))
    chosen.sessions.add(session)
    return chosen


def drop(*, session: Session, selection: Selection) -> None:
    """Take a session out."""
    slow_down(f"selection-{selection.pk}", CHANGES_A_MINUTE)
    selection.sessions.remove(session)


@transaction.atomic
def merge(*, selection: Selection, into: Selection) -> None:
    """Add what one personal agenda holds to another one of the same event."""
    slow_down(f"selection-{into.pk}", CHANGES_A_MINUTE)
    free = MOST_CHOSEN - into.sessions.count()
    others = selection.sessions.exclude(pk__in=into.sessions.values("pk")).order_by("starts_at")
    into.sessions.add(*others[: max(free, 0)])


def begin(*, event: Event) -> Selection:
    """A new, empty personal agenda."""
    slow_down(f"selections-{event.pk}", NEW_A_MINUTE)
    return Selection.objects.create(event=event)


def slow_down(key: str, most: int) -> None:
    """Count one change; refuse the next one when there were too many within a minute."""
    if settings.RATE_LIMITS == "off":
        return
    if seconds_to_wait("changes", key, most=most, seconds=60):
        raise TooMany(_("That was too quick. Nothing is lost; try again in a minute."))
