"""Tokens, errors, pages and limits of the API."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    """Tokens, errors, pages and limits of the API."""

    name = "convention.api"
    verbose_name = _("API")
