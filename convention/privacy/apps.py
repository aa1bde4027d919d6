"""The privacy desk."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY


class PrivacyConfig(AppConfig):
    """What the club holds of people, what they agreed to, and what is removed when."""

    name = "convention.privacy"
    label = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.periodic_jobs.register("convention.privacy.retention.keep_no_longer", seconds=DAY)
