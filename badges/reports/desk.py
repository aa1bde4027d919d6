"""Find someone at the desk: by words of name, company, e-mail or reference, in any order, without accents."""

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Max, Min

from badges.attendance.inside import still_inside
from badges.attendance.models import Checkpoint, Presence
from convention.events.models import Event
from convention.search import fold, matches, words
from registrations.models import Registration

SHOWN = 30
KEPT_SECONDS = 60


@dataclass(frozen=True)
class Guest:
    """A registration as the desk sees it: with the first arrival, the last departure, inside or not."""

    registration: Registration
    arrived_at: object = None
    left_at: object = None
    is_inside: bool = False


@dataclass(frozen=True)
class Found:
    """The guests to show, and how many there are in all."""

    guests: list[Guest]
    total: int


def find_guests(*, event: Event, query: str) -> Found:
    """Those whom every word of the query fits, at most SHOWN of them, in order of name."""
    wanted = words(query)
    if not wanted:
        return Found([], 0)
    found = [pk for pk, folded in index_of(event) if matches(wanted, folded)]
    shown = Registration.objects.filter(pk__in=found[:SHOWN]).select_related("ticket", "order")
    shown = shown.prefetch_related("addons__addon")
    return Found(with_presence(event, list(shown)), len(found))


def index_of(event: Event) -> list[tuple[int, str]]:
    """Every registration's folded words, in order of name; kept until one changes."""
    key = f"reports.desk:{event.pk}:{event.sequence}"
    return cache.get_or_set(key, lambda: _index(event), KEPT_SECONDS) or []


def _index(event: Event) -> list[tuple[int, str]]:
    rows = Registration.objects.filter(event=event).values_list(
        "pk", "first_name", "last_name", "company", "email", "order__reference", "reference"
    )
    return [(pk, fold(" ".join(texts))) for pk, *texts in rows]


def with_presence(event: Event, registrations: list[Registration]) -> list[Guest]:
    """Each with what the entrances saw of them, in two queries for any number."""
    entrance = Presence.objects.filter(
        event=event, checkpoint__kind=Checkpoint.Kind.ENTRANCE, registration__in=registrations
    )
    rows = entrance.order_by().values("registration")
    seen = {
        row["registration"]: row
        for row in rows.annotate(
            came=Min("first_in"), left=Max("last_out"), doors=Max("pk", filter=still_inside())
        )
    }
    return [
        Guest(one, seen[one.pk]["came"], seen[one.pk]["left"], seen[one.pk]["doors"] is not None)
        if one.pk in seen
        else Guest(one)
        for one in registrations
    ]
