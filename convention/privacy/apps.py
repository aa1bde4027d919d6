"""App of data protection."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY


class PrivacyConfig(AppConfig):
    name = "convention.privacy"
    label = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        """Register the nightly retention run, and what happens to rows of people who are merged."""
        hooks.periodic_jobs.register("convention.privacy.retention.run_nightly_retention", seconds=DAY)
        hooks.move_person_rows.register("convention.privacy.move_person_rows.move_person_rows")
        hooks.count_person_rows.register("convention.privacy.move_person_rows.count_person_rows")
        hooks.person_merge_guards.register("convention.privacy.move_person_rows.list_open_requests")
