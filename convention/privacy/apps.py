"""App of data protection."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY


class PrivacyConfig(AppConfig):
    name = "convention.privacy"
    label = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        """Register the nightly retention run."""
        hooks.periodic_jobs.register("convention.privacy.retention.run_nightly_retention", seconds=DAY)
