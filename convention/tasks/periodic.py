"""Periodic jobs: functions registered in `hooks.periodic_jobs`, each run once per interval by some worker.

A worker claims a job by one conditional statement that also sets its next time, so that it runs once however
many workers there are. A job that fails, or whose worker dies, runs again at the next interval; so every
function must be safe to repeat at any time.
"""

import datetime
import logging
from typing import Final

from django.db import Error
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from convention.hooks import periodic_jobs
from convention.models import PeriodicJob

logger = logging.getLogger(__name__)
# Clocks of machines with workers may differ by that much.
MAX_CLOCK_DIFFERENCE: Final = datetime.timedelta(minutes=5)


def register_periodic_jobs() -> None:
    """Create the rows of new jobs, due now, and delete those of removed jobs.

    From then on, `has_overdue_job` notices a missing worker.
    """
    now = timezone.now()
    new_jobs = [PeriodicJob(name=name, due_at=now) for name in periodic_jobs.intervals]
    PeriodicJob.objects.bulk_create(new_jobs, ignore_conflicts=True)
    PeriodicJob.objects.exclude(name__in=periodic_jobs.intervals).delete()


def run_due_jobs(*, at: datetime.datetime) -> list[str]:
    """Run the jobs that are due and not claimed by another worker; return their names."""
    names = PeriodicJob.objects.filter(_is_due(at)).order_by("due_at").values_list("name", flat=True)
    claimed_names = [name for name in list(names) if claim_periodic_job(name, at=at)]
    for name in claimed_names:
        run_periodic_job(name)
    return claimed_names


def claim_periodic_job(name: str, *, at: datetime.datetime) -> bool:
    """Claim a run and set the next one; return False if another worker was faster."""
    next_due_at = at + datetime.timedelta(seconds=periodic_jobs.intervals[name])
    # The condition is part of the UPDATE: of several workers only one changes the row.
    return bool(PeriodicJob.objects.filter(_is_due(at), name=name).update(due_at=next_due_at, started_at=at))


def _is_due(at: datetime.datetime) -> Q:
    """Return a condition on jobs: due by `at`, or further off than one interval.

    The latter was set by a clock that was ahead and has been corrected since.
    """
    condition = Q(pk__in=[])
    for name, seconds in periodic_jobs.intervals.items():
        latest = at + datetime.timedelta(seconds=seconds) + MAX_CLOCK_DIFFERENCE
        condition |= Q(name=name) & (Q(due_at__lte=at) | Q(due_at__gt=latest))
    return condition


def run_periodic_job(name: str) -> None:
    """Run a job and store the outcome. A failure is logged and left for the next interval."""
    error = ""
    try:
        import_string(name)()
    except Error:
        raise  # the database is unavailable: the worker tries again
    except Exception as failure:
        logger.exception("The periodic job %s failed.", name)
        error = f"{type(failure).__module__}.{type(failure).__qualname__}"
    PeriodicJob.objects.filter(name=name).update(finished_at=timezone.now(), error=error)


def has_overdue_job(*, by: datetime.timedelta, at: datetime.datetime) -> bool:
    """Return whether a job is late by more than `by`, or was set by a clock that was ahead."""
    is_overdue = Q(due_at__lt=at - by, name__in=periodic_jobs.intervals)
    return PeriodicJob.objects.filter(is_overdue | (_is_due(at) & Q(due_at__gt=at))).exists()
