"""Codes and printed badges."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class BadgesConfig(AppConfig):
    """Codes and printed badges."""

    name = "badges"
    verbose_name = _("Badges")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.send_confirmation.register("badges.confirm.send_confirmation")
        hooks.send_cancellation.register("badges.confirm.send_cancellation")
        hooks.job_kinds.register("badges", "badges.print.print_badges")
