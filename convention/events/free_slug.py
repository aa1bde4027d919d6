"""The end of an event's address, made of its name where nobody chose one."""

from convention.short_names import short_name

from .models import Event

RESERVED = frozenset({"new", "components", "club", "money", "privacy", "season", "learned"})
"""What means something else at the same place in an address."""


def free_slug(name: str) -> str:
    """An address out of the name that no event has, and that means nothing else."""
    taken = RESERVED | set(Event.objects.values_list("slug", flat=True))
    return short_name(name, taken=taken, or_else="event")
