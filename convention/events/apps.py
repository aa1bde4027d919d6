"""Events, venues and rooms."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    """Events, venues and rooms."""

    name = "convention.events"
    verbose_name = _("Events")
