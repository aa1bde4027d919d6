"""Ask for a job."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import get_language

from convention.audit.record import record
from convention.events.models import Event

from .models import Job
from .run import run_job

if TYPE_CHECKING:
    from convention.club.models import Person


@transaction.atomic
def ask(
    *, event: Event | None, kind: str, title: str, asked_by: "Person", argument: str = "", given: str = ""
) -> Job:
    """Queue the work named `kind` in `hooks.job_kinds`, in the asker's language."""
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
