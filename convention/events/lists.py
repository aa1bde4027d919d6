"""Lists of an event to download: each app registers its own (`hooks.event_downloads`)."""

from collections.abc import Callable

from convention import hooks
from convention.downloads import Sheet

from .models import Event


def event_lists() -> dict[str, Callable[[Event], Sheet]]:
    """Return the function that makes each list, by the name of the list."""
    return {name: make for lists in hooks.event_downloads.providers() for name, make in lists.items()}
