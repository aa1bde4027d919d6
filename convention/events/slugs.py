"""Slugs of events."""

from convention.text.normalize import make_unique_slug

from .models import Event

# Words that have another meaning in the same place of a URL (/organize/SLUG/, /events/SLUG/).
RESERVED_SLUGS = frozenset({"new", "components", "club", "money", "privacy", "season", "learned"})


def make_event_slug(name: str) -> str:
    """Return a slug made from the name that no event has and that is not reserved."""
    taken = RESERVED_SLUGS | set(Event.objects.values_list("slug", flat=True))
    return make_unique_slug(name, taken=taken, fallback="event")
