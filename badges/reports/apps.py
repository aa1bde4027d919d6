"""Pages that show facts of all other packages: home and overview."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "badges.reports"
    verbose_name = _("Reports")
