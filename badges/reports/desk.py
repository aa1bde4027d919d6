"""Search guests at the desk by name, company, e-mail or reference, in any order and without accents.

The search runs in Python over a cached index: it is asked again while someone types, and databases do not
ignore accents in the same way.
"""

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Max, Min

from badges.attendance.models import Presence
from badges.attendance.reports.headcount import list_main_checkpoints
from badges.attendance.scanning.presence import filter_still_inside
from convention.events.models import Event
from convention.text.normalize import matches_search_words, search_text, split_search_words
from registrations.models import Registration

MAX_GUESTS_SHOWN = 30
INDEX_CACHE_SECONDS = 60


@dataclass(frozen=True)
class DeskGuest:
    """A registration with its first arrival, last departure and whether it is inside."""

    registration: Registration
    arrived_at: object = None
    left_at: object = None
    is_inside: bool = False


@dataclass(frozen=True)
class DeskSearchResult:
    """The guests to show, and how many match in all."""

    guests: list[DeskGuest]
    total: int


def find_guests(*, event: Event, query: str) -> DeskSearchResult:
    """Return the guests that match every word of the query, at most MAX_GUESTS_SHOWN, sorted by name."""
    words = split_search_words(query)
    if not words:
        return DeskSearchResult([], 0)
    # All matches are counted, but only those that are shown are loaded.
    matching_ids = [pk for pk, folded in get_search_index(event) if matches_search_words(words, folded)]
    shown = Registration.objects.filter(pk__in=matching_ids[:MAX_GUESTS_SHOWN]).select_related(
        "ticket", "order"
    )
    shown = shown.prefetch_related("addons__addon")
    return DeskSearchResult(add_presences(event, list(shown)), len(matching_ids))


def get_search_index(event: Event) -> list[tuple[int, str]]:
    """Return id and searchable text of every registration, cached until one changes."""
    # The event's sequence changes with each registration, so no entry needs to be deleted.
    key = f"reports.desk:{event.pk}:{event.sequence}"
    return cache.get_or_set(key, lambda: _build_search_index(event), INDEX_CACHE_SECONDS) or []


def _build_search_index(event: Event) -> list[tuple[int, str]]:
    rows = Registration.objects.filter(event=event).values_list(
        "pk", "first_name", "last_name", "company", "email", "order__reference", "reference"
    )
    return [(pk, search_text(" ".join(texts))) for pk, *texts in rows]


def add_presences(event: Event, registrations: list[Registration]) -> list[DeskGuest]:
    """Add the presences at the main checkpoints, in two queries for any number of registrations."""
    presences = Presence.objects.filter(
        checkpoint__in=list_main_checkpoints(event), registration__in=registrations
    )
    rows = presences.order_by().values("registration")
    seen = {
        row["registration"]: row
        for row in rows.annotate(
            came=Min("first_entered_at"),
            left=Max("last_left_at"),
            # Any non-NULL value means inside; both databases have Max, but not a common aggregate for
            # booleans.
            inside_pk=Max("pk", filter=filter_still_inside()),
        )
    }
    return [
        DeskGuest(
            registration,
            seen[registration.pk]["came"],
            seen[registration.pk]["left"],
            seen[registration.pk]["inside_pk"] is not None,
        )
        if registration.pk in seen
        else DeskGuest(registration)
        for registration in registrations
    ]
