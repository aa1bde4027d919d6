"""Visits to vendors' sites: what they add to an event and to its registrations."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VisitsConfig(AppConfig):
    """Visits to vendors' sites: what they add to an event and to its registrations."""

    name = "registrations.visits"
    label = "visits"
    verbose_name = _("Visits")
