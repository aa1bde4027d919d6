"""Slugs of events."""

from typing import Any, Final

from django.db import IntegrityError, transaction

from convention.text.normalize import make_unique_slug

from .models import Event

# Words that have another meaning in the same place of a URL (/organize/SLUG/, /events/SLUG/).
RESERVED_SLUGS = frozenset({"new", "components", "club", "money", "privacy", "season", "learned"})

MAX_SLUG_ATTEMPTS: Final = 5


def make_event_slug(name: str) -> str:
    """Return a slug made from the name that no event has and that is not reserved."""
    taken = RESERVED_SLUGS | set(Event.objects.values_list("slug", flat=True))
    return make_unique_slug(name, taken=taken, fallback="event")


def create_event(values: dict[str, Any]) -> Event:
    """Create an event with these values, under another slug if the given one was taken meanwhile."""
    slug: str = values["slug"]
    for _attempt in range(MAX_SLUG_ATTEMPTS):
        try:
            # A savepoint: on PostgreSQL the error would otherwise end the caller's transaction.
            with transaction.atomic():
                return Event.objects.create(**values | {"slug": slug})
        except IntegrityError:
            if not Event.objects.filter(slug=slug).exists():
                raise
            slug = make_event_slug(values["name"])
    return Event.objects.create(**values | {"slug": slug})
