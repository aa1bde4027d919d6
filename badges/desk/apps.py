"""The desk of an event."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class DeskConfig(AppConfig):
    name = "badges.desk"
    verbose_name = _("Desk")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.registration_attendance.register("badges.desk.arrivals.load_registration_attendance")
        hooks.desk_reports.register("badges.desk.desk_reports.load_desk_reports")
        hooks.desk_scan_counts.register("badges.desk.desk_reports.count_desk_scans")
        hooks.badge_remarks.register("badges.desk.badge_remarks.find_badge_remarks")
        hooks.balance_changes.register("badges.desk.badge_remarks.refresh_badges_of_order")
