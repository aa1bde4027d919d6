"""Recurring work of the ground: what nobody needs any more is removed."""

import datetime

from django.contrib.sessions.models import Session
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

RESULTS_KEPT = datetime.timedelta(days=14)


def old_results() -> None:
    """Results of tasks that ended two weeks ago."""
    DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - RESULTS_KEPT).delete()


def ended_sessions() -> None:
    """Sessions that no longer open anything."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
