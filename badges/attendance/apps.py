"""Checkpoints, devices, scans and presence."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class AttendanceConfig(AppConfig):
    name = "badges.attendance"
    verbose_name = _("Attendance")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.event_starters.register("badges.attendance.attendance_hooks.create_entrance")
        hooks.event_deletion_obstacles.register("badges.attendance.attendance_hooks.list_scan_obstacles")
        hooks.event_copiers.register("badges.attendance.attendance_hooks.copy_checkpoints")
        hooks.scanned_registrations.register("badges.attendance.attendance_hooks.find_scanned_registrations")
        hooks.registration_presence.register("badges.attendance.attendance_hooks.find_stays")
        hooks.revoke_devices.register("badges.attendance.devices.pairing.revoke_all_devices")
        hooks.revoke_devices_without_role.register(
            "badges.attendance.devices.pairing.revoke_devices_without_role"
        )
        hooks.transfer_listeners.register("badges.attendance.scanning.presence_store.forget_former_attendee")
        hooks.event_downloads.register("badges.attendance.reports.downloads.LISTS")
