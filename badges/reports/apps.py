"""Pages that need facts of every storey."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """Pages that need facts of every storey."""

    name = "badges.reports"
    verbose_name = _("Reports")
