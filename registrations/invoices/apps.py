"""Invoices, payments and the books."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR


class InvoicesConfig(AppConfig):
    """Invoices, payments and the books."""

    name = "registrations.invoices"
    verbose_name = _("Invoices")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.periodic_jobs.register("registrations.invoices.remind.remind_all", seconds=HOUR)
