"""The lists in each app's `urls.py`: addresses, and an event's navigation for organizers.

    pages = [...]              # in both languages
    endpoints = [...]          # under /api/v1/
    unlocalized_pages = [...]  # without language
    organizer_pages = [OrganizerPage("organize-tickets", _("Tickets"), 20)]

An organizer page is reversed with the event's slug. Its template begins with `{% extends
"organize/event_base.html" %}`, gets `event` in its context, and fills the blocks `title`, `heading`,
`heading_actions` and `page`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods

# For views that show a form and accept it.
require_safe_or_post = require_http_methods(["GET", "HEAD", "POST"])


class PageGroup(models.TextChoices):
    """The groups of an event's navigation, in order."""

    REGISTRATIONS = "registrations", _("Registrations")
    PROGRAMME = "programme", _("Programme")
    COMMUNICATION = "communication", pgettext_lazy("a group of pages", "Communication")
    ON_SITE = "on_site", _("On site")
    SETTINGS = "settings", _("Settings")


@dataclass(frozen=True)
class OrganizerPage:
    """A navigation entry: the name of its address, its label, and its position (0 to 100).

    An entry without a `group` is always visible. `kinds` are the kinds of events that usually need the page;
    for events of other kinds, the settings page links to it. `is_for_desk` opens it to desk staff.
    `has_content(event)`, if given, hides the entry while there is nothing to see. `can_open`, if given,
    decides for a visitor who does not organize the event. `is_for_leads` opens it to the leads of the working
    group whose meeting the event is.
    """

    name: str
    label: str | Promise
    position: int
    group: str = ""
    kinds: tuple[str, ...] = ()
    is_for_desk: bool = False
    has_content: Callable[[Any], bool] | None = None
    can_open: Callable[[Any, Any], bool] | None = None
    is_for_leads: bool = True


@dataclass(frozen=True)
class PublicPage:
    """A page that everybody may see, for the site map: the name and the arguments of its address."""

    name: str
    arguments: tuple[Any, ...] = ()


@cache
def collect_url_items(kind: str) -> list[Any]:
    """Return the items of one list of all apps, lowest layer first."""
    # Imported at the first call: the URLs of higher layers import this module.
    modules = [import_module(f"{app}.urls") for app in settings.APPS_WITH_PAGES]
    return [item for module in modules for item in getattr(module, kind, [])]
