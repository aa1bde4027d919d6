"""Mailings: mail to selected attendees of an event, and reminders before it."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import MINUTE


class MailingsConfig(AppConfig):
    name = "badges.mailings"
    verbose_name = _("Mailings")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.event_starters.register("badges.mailings.sending.reminders.plan_reminders")
        hooks.event_copiers.register("badges.mailings.sending.reminders.copy_reminder_plan")
        hooks.event_change_listeners.register("badges.mailings.composing.date_change.follow_new_dates")
        hooks.event_cancellation_effects.register(
            "badges.mailings.sending.event_cancellation.describe_stopped_mailings"
        )
        hooks.event_cancellation_listeners.register(
            "badges.mailings.sending.event_cancellation.stop_mailings"
        )
        hooks.members_invitation.register("badges.mailings.sending.log.find_invitation_of_members")
        hooks.event_readiness.register("badges.mailings.sending.reminders.list_reminder_readiness")
        hooks.news_unsubscriptions.register("badges.mailings.composing.audience.filter_unsubscribed")
        hooks.periodic_jobs.register(
            "badges.mailings.sending.run.enqueue_due_mailings", seconds=settings.LEASE_SECONDS / 2
        )
        hooks.periodic_jobs.register("badges.mailings.sending.reminders.send_reminders", seconds=15 * MINUTE)
