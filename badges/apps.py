"""Codes and printed badges."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BadgesConfig(AppConfig):
    """Codes and printed badges."""

    name = "badges"
    verbose_name = _("Badges")
