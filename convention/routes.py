"""What each app's `urls.py` names: addresses, and the entries of an event's navigation for organizers.

    pages = [...]            # in both languages
    endpoints = [...]        # beneath /api/v1/
    plain = [...]            # without language
    organizer_pages = [OrganizerPage("organize-tickets", _("Tickets"), 20)]

An organizer page is reversed with the event's slug. Its template begins with
`{% extends "organize/event_base.html" %}`, gets `event` in its context, and fills the blocks
`title`, `heading`, `heading_actions` and `page`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils.functional import Promise


@dataclass(frozen=True)
class OrganizerPage:
    """An entry of the navigation: the name of its address, its words, and where it stands (0 to 100).

    `is_for_desk` says that those who work at the desk may open it too. `has_content`, where it is given,
    is asked with the event: the entry stands only while there is something to see. `opens_to`, where it is
    given, says whether this visitor may open it, who does not run the event.
    """

    name: str
    label: str | Promise
    position: int
    is_for_desk: bool = False
    has_content: Callable[[Any], bool] | None = None
    opens_to: Callable[[Any, Any], bool] | None = None


@cache
def named(kind: str) -> list[Any]:
    """What our apps name of one kind, lowest storey first."""
    modules = [import_module(f"{app}.urls") for app in settings.APPS_WITH_PAGES]
    return [item for module in modules for item in getattr(module, kind, [])]
