"""The scanner: a web app for any phone, which also works offline."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScannerConfig(AppConfig):
    name = "badges.scanner"
    verbose_name = _("Scanner")
