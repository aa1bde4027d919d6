"""App of the club's directory."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY, HOUR


class ClubConfig(AppConfig):
    name = "convention.club"
    verbose_name = _("Club")

    def ready(self) -> None:
        """Register the periodic jobs and the kinds of background jobs."""
        hooks.periodic_jobs.register("convention.club.directory_import.undo.clear_old_imports", seconds=DAY)
        hooks.periodic_jobs.register(
            "convention.club.change_employer.clear_former_representatives", seconds=HOUR
        )
        hooks.job_kinds.register("directory", "convention.club.directory_import.jobs.run_import_job")
        hooks.job_kinds.register("directory-undo", "convention.club.directory_import.jobs.run_undo_job")
