"""Checkpoints, devices, scans and presence."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AttendanceConfig(AppConfig):
    """Checkpoints, devices, scans and presence."""

    name = "badges.attendance"
    verbose_name = _("Attendance")
