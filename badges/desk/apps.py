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
        hooks.badge_remarks.register("badges.desk.badge_remarks.find_badge_remarks")
        hooks.balance_changes.register("badges.desk.badge_remarks.refresh_badges_of_order")
