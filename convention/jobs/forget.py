"""Recurring work of jobs: results are kept for seven days, and nothing is tried for longer."""

import datetime
from typing import Final

from django.db.models import Q
from django.utils import timezone

from .models import Job

KEPT: Final = datetime.timedelta(days=7)


def old_jobs() -> None:
    """Delete what was finished more than a week ago, and its file; and what never came to an end."""
    over = timezone.now() - KEPT
    given_up = Q(finished_at=None, created_at__lt=over)
    for job in Job.objects.filter(Q(finished_at__lt=over) | given_up).defer("given"):
        job.file.delete(save=False)
        job.delete()
