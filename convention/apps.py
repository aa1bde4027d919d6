"""The ground: what every app shares."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConventionConfig(AppConfig):
    """Templates, static files, translations and tools of the whole site."""

    name = "convention"
    verbose_name = _("Convention")
