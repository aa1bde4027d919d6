"""App configuration of invoices."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR


class InvoicesConfig(AppConfig):
    """Register the reminder job."""

    name = "registrations.invoices"
    verbose_name = _("Invoices")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.periodic_jobs.register("registrations.invoices.reminders.queue_due_reminders", seconds=HOUR)
