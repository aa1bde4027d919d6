"""Codes and printed badges."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class BadgesConfig(AppConfig):
    name = "badges"
    verbose_name = _("Badges")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.send_order_mails.register("badges.confirmations.send.send_order_mails")
        hooks.badge_symbols.register("badges.codes.draw_badge_symbols")
        hooks.send_cancellation.register("badges.confirmations.send.send_cancellation")
        hooks.event_downloads.register("badges.printing.cancelled_badges.LISTS")
        hooks.job_kinds.register("badges", "badges.printing.print_job.print_badges")
        hooks.job_pages.register("badges", "badges.printing.print_job.JOB_PAGE")
