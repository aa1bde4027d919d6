"""Checkpoints, devices, scans and presence."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class AttendanceConfig(AppConfig):
    """Checkpoints, devices, scans and presence."""

    name = "badges.attendance"
    verbose_name = _("Attendance")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.scanned_registrations.register("badges.attendance.came.came_among")
        hooks.registration_presence.register("badges.attendance.came.came_and_left")
        hooks.revoke_devices.register("badges.attendance.revoke.revoke_all")
        hooks.event_downloads.register("badges.attendance.lists.LISTS")
