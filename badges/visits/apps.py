"""The day of a visit: who is on the way, on site, missing or gone; lists on phone and paper, certificates."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VisitDaysConfig(AppConfig):
    """The day of a visit, as its doors see it."""

    name = "badges.visits"
    label = "visit_days"
    verbose_name = _("Visits: the day")
