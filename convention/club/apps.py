"""Companies, people and their roles."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY


class ClubConfig(AppConfig):
    """Companies, people and their roles."""

    name = "convention.club"
    verbose_name = _("Club")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.periodic_jobs.register("convention.club.forget.old_imports", seconds=DAY)
        hooks.job_kinds.register("directory", "convention.club.import_later.import_later")
        hooks.job_kinds.register("directory-undo", "convention.club.import_later.undo_later")
