"""Django app of the day of a visit."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class VisitDaysConfig(AppConfig):
    name = "badges.visits"
    label = "visit_days"
    verbose_name = _("Visits: the day")

    def ready(self) -> None:
        """Register the hook that lower packages call."""
        hooks.ride_change_listeners.register("badges.visits.checkpoints.rename_coach_checkpoint")
