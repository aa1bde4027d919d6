"""What happens, when and where."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR


class ScheduleConfig(AppConfig):
    """What happens, when and where."""

    name = "schedule"
    verbose_name = _("Schedule")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.event_downloads.register("schedule.lists.LISTS")
        hooks.periodic_jobs.register("schedule.uploads.forget_old_uploads", seconds=HOUR)
