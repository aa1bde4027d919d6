"""App configuration of payments."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY, MINUTE


class PaymentsConfig(AppConfig):
    """Register periodic jobs, and the hooks that invoices and registrations call."""

    name = "registrations.payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.periodic_jobs.register(
            "registrations.payments.cards.reconcile.poll_open_attempts", seconds=MINUTE
        )
        hooks.periodic_jobs.register(
            "registrations.payments.cards.reconcile.fetch_missed_events", seconds=10 * MINUTE
        )
        hooks.periodic_jobs.register("registrations.payments.cards.reconcile.delete_old_events", seconds=DAY)
        hooks.periodic_jobs.register(
            "registrations.payments.cards.unpaid_addons.remove_expired_addons", seconds=10 * MINUTE
        )
        hooks.periodic_jobs.register(
            "registrations.payments.cards.unverified_places.refund_unverified_places", seconds=10 * MINUTE
        )
        hooks.periodic_jobs.register(
            "registrations.payments.cards.unpaid_orders.notify_unpaid_orders", seconds=5 * MINUTE
        )
        hooks.balance_changes.register("registrations.payments.cards.unpaid_addons.clear_payment_deadlines")
        hooks.refund_requests.register("registrations.payments.cards.settlement.queue_shorter_hold")
        hooks.payer_account.register("registrations.payments.bank.payer_account.describe_payer_account")
        hooks.unbooked_bank_lines.register(
            "registrations.payments.bank.unbooked_lines.describe_unbooked_lines"
        )
        hooks.send_refund.register("registrations.payments.cards.stripe_refunds.send_refund")
        hooks.confirm_payment.register("registrations.payments.cards.settlement.confirm_manual_payment")
        hooks.acknowledge_payment.register("registrations.payments.received_payments.acknowledge_payment")
        hooks.confirm_credited.register("registrations.payments.cards.settlement.confirm_credited_order")
        hooks.notify_unplaced.register("registrations.payments.payment_problems.notify_unplaced_payment")
