"""App configuration of invoices."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR, MINUTE


class InvoicesConfig(AppConfig):
    """App of invoices, with the jobs that issue and e-mail them and send reminders."""

    name = "registrations.invoices"
    verbose_name = _("Invoices")

    def ready(self) -> None:
        """Register periodic jobs, and what refers to memberships."""
        hooks.membership_uses.register("registrations.invoices.membership_dues.find_invoiced_memberships")
        hooks.periodic_jobs.register("registrations.invoices.reminders.queue_due_reminders", seconds=HOUR)
        hooks.periodic_jobs.register("registrations.invoices.uninvoiced.issue_due_invoices", seconds=MINUTE)
        hooks.periodic_jobs.register("registrations.invoices.sending.queue_new_invoice_mails", seconds=MINUTE)
