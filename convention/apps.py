"""Django app of the base package."""

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models import fields
from django.db.models.signals import pre_migrate
from django.tasks.signals import task_finished
from django.utils.translation import gettext_lazy as _

from . import hooks
from .db.schema_version import refuse_earlier_database
from .hooks import HOUR
from .ops import deploy_checks  # noqa: F401 (registers them)
from .ops.metrics import count_task

if TYPE_CHECKING:
    from django.tasks import TaskResult


class ConventionConfig(AppConfig):
    """Templates, static files, translations and tools of the whole site."""

    name = "convention"
    verbose_name = _("Convention")

    def ready(self) -> None:
        """Set the label of empty choices, connect signals and register periodic jobs."""
        # Fits choices that are optional as well as those that are required.
        fields.BLANK_CHOICE_LABEL = "–"
        pre_migrate.connect(refuse_earlier_database, sender=self)
        task_finished.connect(count_finished_task, dispatch_uid="convention.ops.metrics")
        hooks.periodic_jobs.register(
            "convention.tasks.worker.recover_lost_tasks", seconds=settings.LEASE_SECONDS / 4
        )
        hooks.periodic_jobs.register("convention.db.leases.delete_expired_leases", seconds=HOUR)
        hooks.periodic_jobs.register("convention.tasks.cleanup.delete_old_results", seconds=HOUR)
        hooks.periodic_jobs.register("convention.tasks.cleanup.delete_ended_sessions", seconds=HOUR)


def count_finished_task(*, task_result: "TaskResult[..., Any]", **_kwargs: Any) -> None:
    """Count one attempt of a task in the metrics."""
    count_task(task=task_result.task.module_path, outcome=task_result.status.value.lower())
