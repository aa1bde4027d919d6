"""Sponsors and exhibitors: packages on offer, who took one, their logos."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SponsorsConfig(AppConfig):
    """Sponsors and exhibitors: packages on offer, who took one, their logos."""

    name = "registrations.sponsors"
    label = "sponsors"
    verbose_name = _("Sponsors")
