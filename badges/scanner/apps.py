"""The scanner: a web app on any phone, also while the network is down."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScannerConfig(AppConfig):
    """The pages, script and service worker of the scanner; it has no tables."""

    name = "badges.scanner"
    verbose_name = _("Scanner")
