"""Feedback on sessions."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class FeedbackConfig(AppConfig):
    name = "badges.feedback"
    verbose_name = _("Feedback")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.event_downloads.register("badges.feedback.downloads.LISTS")
        hooks.event_copiers.register("badges.feedback.actions.copy_feedback_settings")
        hooks.feedback_page.register("badges.feedback.permissions.find_feedback_page")
        hooks.feedback_addresses.register("badges.feedback.permissions.find_feedback_addresses")
        hooks.speaker_feedback.register("badges.feedback.summaries.summarize_for_speakers")
