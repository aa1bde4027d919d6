"""Django app of the day of a visit."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VisitDaysConfig(AppConfig):
    name = "badges.visits"
    label = "visit_days"
    verbose_name = _("Visits: the day")
