"""Periodic jobs of the base layer."""

import datetime

from django.contrib.sessions.models import Session
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

RESULT_RETENTION = datetime.timedelta(days=14)


def delete_old_results() -> None:
    """Delete results of tasks that ended two weeks ago."""
    DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - RESULT_RETENTION).delete()


def delete_ended_sessions() -> None:
    """Delete sessions that are no longer valid."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
