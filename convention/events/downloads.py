"""Downloadable lists of an event; each app registers its own (`hooks.event_downloads`)."""

from collections.abc import Callable

from convention import hooks
from convention.tables.downloads import TableSheet

from .models import Event


def load_event_lists() -> dict[str, Callable[[Event], TableSheet]]:
    """Return the functions that make the lists, by name."""
    return {name: make for lists in hooks.event_downloads.providers() for name, make in lists.items()}
