"""Recurring work of jobs: results are kept for seven days."""

import datetime
from typing import Final

from django.utils import timezone

from .models import Job

KEPT: Final = datetime.timedelta(days=7)


def old_jobs() -> None:
    """Delete what was finished more than a week ago, and its file."""
    for job in Job.objects.filter(finished_at__lt=timezone.now() - KEPT).defer("given"):
        job.file.delete(save=False)
        job.delete()
