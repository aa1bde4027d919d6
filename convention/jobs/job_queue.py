"""Request and run jobs."""

import datetime
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Q
from django.tasks import task
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import get_language

from convention import hooks
from convention.actor import Actor, current_actor
from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.events.models import Event
from convention.tasks.queue_names import IMPORT_QUEUE

from .models import Job

if TYPE_CHECKING:
    from convention.club.models import Person

MAX_ERRORS_STORED = 200
MAX_TITLE_LENGTH: Final = 300


# Runs a job: writes the download into the file, if there is one, and returns the outcome in words.
type JobFunction = Callable[["JobProgress", BinaryIO], str]


class JobPage(NamedTuple):
    """An organizers' page that starts jobs: the name of its address, and the text of the link back to it."""

    name: str
    label: str | Promise


class JobAlreadyFinished(ConventionError):
    """Another worker finished the job meanwhile; the caller's transaction must be rolled back."""

    kind = "already-finished"


@dataclass
class JobProgress:
    """A running job, called to report its progress (saved once a second at most)."""

    job: Job
    reported_at: float = field(default=0.0)

    def __call__(self, done: int, total: int) -> None:
        # Not for each row: every report is a write.
        if done == total or time.monotonic() - self.reported_at >= 1:
            self.reported_at = time.monotonic()
            Job.objects.filter(pk=self.job.pk).update(done=done, total=total, last_reported_at=timezone.now())

    def finish_job(self, outcome: str) -> None:
        """Finish the job in the transaction of the work itself: both are stored, or neither."""
        finish_job(self.job, outcome=outcome)


def has_jobs(event: Event) -> bool:
    """Return whether the menu shows the event's jobs: only once there is one, since most never have any."""
    return Job.objects.filter(event=event).exists()


@task
def run_job(job_id: int) -> None:
    """Run a job unless it is finished. A ConventionError ends it; the queue retries after other errors."""
    # The queue delivers at least once: a second delivery finds the job finished.
    job = Job.objects.select_related("event", "requested_by").filter(pk=job_id, finished_at=None).first()
    if job is None:
        return
    # A job whose worker died starts again from the beginning: its transaction was rolled back.
    Job.objects.filter(pk=job.pk).update(done=0, total=0, last_reported_at=timezone.now())
    token = current_actor.set(Actor(job.requested_by_id, "job"))
    try:
        with translation.override(job.language), tempfile.TemporaryFile() as file:
            _run_work(hooks.job_kinds.provider(job.kind), job, file)
    except JobAlreadyFinished:
        return
    finally:
        current_actor.reset(token)


def _run_work(work: JobFunction, job: Job, file: BinaryIO) -> None:
    try:
        outcome = work(JobProgress(job), file)
    except JobAlreadyFinished:
        raise
    except ConventionError as error:
        finish_job(job, outcome=str(error), errors=list_error_sentences(error))
    else:
        if not job.finished_at:
            _save_job_file(job, file)
            try:
                finish_job(job, outcome=outcome)
            except JobAlreadyFinished:
                job.file.delete(save=False)
                raise


def finish_job(job: Job, *, outcome: str, errors: list[str] | None = None) -> None:
    """Mark a job as finished, once. Raise JobAlreadyFinished."""
    # The payload is usually a list of people, so it is deleted as soon as it is not needed.
    job.finished_at, job.outcome, job.errors, job.payload = timezone.now(), outcome, errors or [], ""
    # The condition decides between two workers; the slower one rolls its own work back.
    updated_count = Job.objects.filter(pk=job.pk, finished_at=None).update(
        finished_at=job.finished_at,
        outcome=outcome,
        errors=job.errors,
        payload="",
        file=job.file.name or "",
        file_name=job.file_name,
    )
    if not updated_count:
        raise JobAlreadyFinished(f"job {job.pk}")


def list_error_sentences(error: ConventionError) -> list[str]:
    """Return the sentences shown below the outcome: errors by row, if there are any."""
    rows: list[tuple[int, str]] = getattr(error, "rows", [])
    return [f"{number}: {sentence}" for number, sentence in rows[:MAX_ERRORS_STORED]] or [str(error)]


def _save_job_file(job: Job, file: BinaryIO) -> None:
    # Imports write no file and have no download.
    if file.tell():
        file.seek(0)
        job.file.save(f"{job.event.slug if job.event else 'club'}-{job.pk}", File(file), save=False)


def translate_title(write_title: Callable[[], str]) -> dict[str, str]:
    """Return the title of a job by language."""
    titles = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            titles[language] = write_title()[:MAX_TITLE_LENGTH]
    return titles


@transaction.atomic
def request_job(
    *,
    event: Event | None,
    kind: str,
    title: str | Callable[[], str],
    requested_by: "Person",
    argument: str = "",
    payload: str = "",
    queue: str = IMPORT_QUEUE,
) -> Job:
    """Queue a job of a kind in `hooks.job_kinds`, in the current language.

    `title` is a function if the words depend on the language: the list of jobs shows it in the reader's.
    """
    translations = {} if isinstance(title, str) else translate_title(title)
    job = Job.objects.create(
        event=event,
        kind=kind,
        # Titles contain file names of any length: SQLite would store a longer one, PostgreSQL refuse it.
        title=(title if isinstance(title, str) else title())[:MAX_TITLE_LENGTH],
        title_translations=translations,
        requested_by=requested_by,
        # Stored, since the worker has no request: file and outcome are in the language of the page.
        language=get_language() or "",
        argument=argument,
        payload=payload,
    )
    record_action(f"job.{kind}", job, event=event, fields=[argument] if argument else [])
    # The queue is a table: the task is committed with the job, never before it.
    run_job.using(queue_name=queue).enqueue(job.pk)
    return job


JOB_RETENTION: Final = datetime.timedelta(days=7)


def delete_old_jobs() -> None:
    """Delete jobs that are a week old, with their files, finished or not (periodic job)."""
    cutoff = timezone.now() - JOB_RETENTION
    # Also jobs that never finished: their payload holds personal data.
    is_abandoned = Q(finished_at=None, created_at__lt=cutoff)
    # One by one: a queryset's `delete` would leave the files behind.
    for job in Job.objects.filter(Q(finished_at__lt=cutoff) | is_abandoned).defer("payload"):
        job.file.delete(save=False)
        job.delete()
