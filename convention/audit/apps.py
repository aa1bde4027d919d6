"""Who changed what, when and why."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Who changed what, when and why."""

    name = "convention.audit"
    verbose_name = _("Audit trail")
