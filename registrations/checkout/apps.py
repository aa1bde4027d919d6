"""Payment by card and by bank transfer."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY, MINUTE


class CheckoutConfig(AppConfig):
    """Payment by card and by bank transfer."""

    name = "registrations.checkout"
    verbose_name = _("Payments")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.periodic_jobs.register("registrations.checkout.reconcile.open_attempts", seconds=MINUTE)
        hooks.periodic_jobs.register("registrations.checkout.reconcile.missed_events", seconds=10 * MINUTE)
        hooks.periodic_jobs.register("registrations.checkout.reconcile.old_events", seconds=DAY)
        hooks.send_refund.register("registrations.checkout.refunds.send_refund")
        hooks.confirm_payment.register("registrations.checkout.settle.confirm_noted")
        hooks.notify_unplaced.register("registrations.checkout.tell.tell_unplaced")
