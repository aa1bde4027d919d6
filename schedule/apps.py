"""What happens, when and where."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScheduleConfig(AppConfig):
    """What happens, when and where."""

    name = "schedule"
    verbose_name = _("Schedule")
