"""Lists of an event to download, of every app: each names its own in the settings, by dotted path."""

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from convention.downloads import Sheet

from .models import Event


def event_lists() -> dict[str, Callable[[Event], Sheet]]:
    """What makes each list, by its name (settings.EVENT_LISTS)."""
    return {name: make for path in settings.EVENT_LISTS for name, make in import_string(path).items()}
