"""Ask for a job; old ones are forgotten with their files."""

import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from convention.audit.record import record
from convention.events.models import Event

from .models import Job
from .run import run_job

if TYPE_CHECKING:
    from convention.club.models import Person

KEPT: Final = datetime.timedelta(days=7)


@transaction.atomic
def ask(
    *, event: Event, kind: str, title: str, asked_by: "Person", argument: str = "", given: str = ""
) -> Job:
    """Queue the work named `kind` in settings.JOBS, in the asker's language."""
    forget_old_jobs(at=timezone.now())
    job = Job.objects.create(
        event=event,
        kind=kind,
        title=title[:300],
        asked_by=asked_by,
        language=get_language() or "",
        argument=argument,
        given=given,
    )
    record(f"job.{kind}", job, event=event, fields=[argument] if argument else [])
    run_job.enqueue(job.pk)
    return job


def forget_old_jobs(*, at: datetime.datetime) -> None:
    """Delete what was finished more than a week ago, and its file."""
    for job in Job.objects.filter(finished_at__lt=at - KEPT).defer("given"):
        job.file.delete(save=False)
        job.delete()
