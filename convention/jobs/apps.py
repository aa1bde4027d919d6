"""Django app of jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR


class JobsConfig(AppConfig):
    name = "convention.jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        """Register the hook that starts jobs, and their cleanup."""
        hooks.start_job.register("convention.jobs.job_queue.request_job")
        hooks.periodic_jobs.register("convention.jobs.job_queue.delete_old_jobs", seconds=HOUR)
