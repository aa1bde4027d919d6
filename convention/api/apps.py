"""Django app of the API's shared parts."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY


class ApiConfig(AppConfig):
    """Tokens, problem details, cursor pages and rate limits."""

    name = "convention.api"
    verbose_name = _("API")

    def ready(self) -> None:
        """Register the cleanup of ended tokens and of old Idempotency-Keys."""
        # Importing the module registers `BearerTokenScheme` with drf-spectacular.
        import_module("convention.api.openapi")
        hooks.periodic_jobs.register("convention.api.tokens.delete_ended_tokens", seconds=DAY)
        hooks.revoke_tokens.register("convention.api.tokens.revoke_all_tokens")
        hooks.periodic_jobs.register("convention.api.idempotency.delete_old_requests", seconds=DAY)
