"""Recurring work: functions registered with `hooks.periodic_jobs`, each run once per interval by some worker.

A worker takes a round by one conditional statement that also says when it is next due: with many workers
each round still runs once. A round that fails, or whose worker dies, comes again at the next interval; so
every function named there may be run again at any time.
"""

import datetime
import logging
from typing import Final

from django.db import Error
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from .hooks import periodic_jobs
from .models import Round

logger = logging.getLogger(__name__)
CLOCKS_DIFFER: Final = datetime.timedelta(minutes=5)
"""How far the clocks of two machines with workers may be apart."""


def expect_rounds() -> None:
    """Note what is to be done, due now: from here on a missing worker is noticed."""
    now = timezone.now()
    rounds = [Round(name=name, due_at=now) for name in periodic_jobs.intervals]
    Round.objects.bulk_create(rounds, ignore_conflicts=True)
    Round.objects.exclude(name__in=periodic_jobs.intervals).delete()


def run_due(*, at: datetime.datetime) -> list[str]:
    """Run what is due and nobody else has taken; the names of what was run."""
    names = Round.objects.filter(_is_due(at)).order_by("due_at").values_list("name", flat=True)
    taken = [name for name in list(names) if take_round(name, at=at)]
    for name in taken:
        run(name)
    return taken


def take_round(name: str, *, at: datetime.datetime) -> bool:
    """Take one round, unless another worker was faster, and set the next."""
    later = at + datetime.timedelta(seconds=periodic_jobs.intervals[name])
    return bool(Round.objects.filter(_is_due(at), name=name).update(due_at=later, started_at=at))


def _is_due(at: datetime.datetime) -> Q:
    """Return a condition on rounds: their time has come, or is further off than one interval.

    The latter was set by a clock that was ahead and was put back since; it would rest until that time.
    """
    due = Q(pk__in=[])
    for name, seconds in periodic_jobs.intervals.items():
        latest = at + datetime.timedelta(seconds=seconds) + CLOCKS_DIFFER
        due |= Q(name=name) & (Q(due_at__lte=at) | Q(due_at__gt=latest))
    return due


def run(name: str) -> None:
    """Run one piece and note how it went. A failure is logged and left for the next time."""
    error = ""
    try:
        import_string(name)()
    except Error:
        raise  # the database is away: the worker waits for it
    except Exception as failure:
        logger.exception("The recurring work %s failed.", name)
        error = f"{type(failure).__module__}.{type(failure).__qualname__}"
    Round.objects.filter(name=name).update(finished_at=timezone.now(), error=error)


def is_overdue(*, by: datetime.timedelta, at: datetime.datetime) -> bool:
    """Whether a round waits for longer than that, or was set by a clock that was put back since."""
    waits = Q(due_at__lt=at - by, name__in=periodic_jobs.intervals)
    return Round.objects.filter(waits | (_is_due(at) & Q(due_at__gt=at))).exists()
