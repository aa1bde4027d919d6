"""Tokens, errors, pages and limits of the API."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY


class ApiConfig(AppConfig):
    """Tokens, errors, pages and limits of the API."""

    name = "convention.api"
    verbose_name = _("API")

    def ready(self) -> None:
        """Tell the API's description how people's programs say who they are."""
        import_module("convention.api.openapi")
        hooks.periodic_jobs.register("convention.api.forget.ended_tokens", seconds=DAY)
