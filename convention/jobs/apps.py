"""Long work, its progress and its results."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR


class JobsConfig(AppConfig):
    """Long work, its progress and its results."""

    name = "convention.jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.start_job.register("convention.jobs.ask.ask")
        hooks.periodic_jobs.register("convention.jobs.forget.old_jobs", seconds=HOUR)
