"""The sponsors app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class SponsorsConfig(AppConfig):
    name = "registrations.sponsors"
    label = "sponsors"
    verbose_name = _("Sponsors")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.notify_sponsor.register("registrations.sponsors.notifications.notify_sponsor")
