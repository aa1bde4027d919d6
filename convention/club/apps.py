"""Companies, people and their roles."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClubConfig(AppConfig):
    """Companies, people and their roles."""

    name = "convention.club"
    verbose_name = _("Club")
