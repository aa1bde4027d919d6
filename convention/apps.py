"""The ground: what every app shares."""

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import pre_migrate
from django.tasks.signals import task_finished
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR

from . import checks  # noqa: F401 (registers them)
from .measure import count_task
from .schema_version import refuse_earlier_database

if TYPE_CHECKING:
    from django.tasks import TaskResult


class ConventionConfig(AppConfig):
    """Templates, static files, translations and tools of the whole site."""

    name = "convention"
    verbose_name = _("Convention")

    def ready(self) -> None:
        """Connect signals and register what the workers run."""
        pre_migrate.connect(refuse_earlier_database, sender=self)
        task_finished.connect(count_finished, dispatch_uid="convention.measure")
        hooks.periodic_jobs.register(
            "convention.worker.recover_lost_tasks", seconds=settings.LEASE_SECONDS / 4
        )
        hooks.periodic_jobs.register("convention.leases.forget_lapsed", seconds=HOUR)
        hooks.periodic_jobs.register("convention.forget.old_results", seconds=HOUR)
        hooks.periodic_jobs.register("convention.forget.ended_sessions", seconds=HOUR)


def count_finished(*, task_result: "TaskResult[..., Any]", **_kwargs: Any) -> None:
    """One attempt of a task more, by the name of its function."""
    count_task(task=task_result.task.module_path, outcome=task_result.status.value.lower())
