"""Do a job: the worker's part. A job that is interrupted starts again; one that is finished never does."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from django.core.files import File
from django.tasks import task
from django.utils import timezone, translation

from convention import hooks
from convention.actor import Actor, current_actor
from convention.errors import ConventionError

from .models import Job

MOST_ERRORS = 200
type Work = Callable[["Progress", BinaryIO], str]
"""Does a job: writes what is to be downloaded into the file, if anything, and returns what it did."""


class AlreadyFinished(ConventionError):
    """Another worker finished this job meanwhile: what this one did is taken back."""

    kind = "already-finished"


@dataclass
class Progress:
    """What a work is given: its job, and a way to say how far it is (written once a second at most)."""

    job: Job
    said_at: float = field(default=0.0)

    def __call__(self, done: int, total: int) -> None:
        if done == total or time.monotonic() - self.said_at >= 1:
            self.said_at = time.monotonic()
            Job.objects.filter(pk=self.job.pk).update(done=done, total=total, seen_at=timezone.now())

    def finish(self, said: str) -> None:
        """End the job in the transaction of a work that writes: both are kept, or neither."""
        finish(self.job, said=said)


@task
def run_job(job_id: int) -> None:
    """Do it, unless it is finished; a sentence of ours ends it, any other failure is tried again."""
    job = Job.objects.select_related("event", "asked_by").filter(pk=job_id, finished_at=None).first()
    if job is None:
        return
    Job.objects.filter(pk=job.pk).update(done=0, total=0, seen_at=timezone.now())
    actor = current_actor.set(Actor(job.asked_by_id, "job"))
    try:
        with translation.override(job.language), tempfile.TemporaryFile() as file:
            _work(hooks.job_kinds.provider(job.kind), job, file)
    except AlreadyFinished:
        return
    finally:
        current_actor.reset(actor)


def _work(work: Work, job: Job, file: BinaryIO) -> None:
    try:
        said = work(Progress(job), file)
    except AlreadyFinished:
        raise
    except ConventionError as error:
        finish(job, said=str(error), errors=sentences_of(error))
    else:
        if not job.finished_at:
            _keep(job, file)
            try:
                finish(job, said=said)
            except AlreadyFinished:
                job.file.delete(save=False)
                raise


def finish(job: Job, *, said: str, errors: list[str] | None = None) -> None:
    """Mark the end once. A work that writes calls it in its own transaction; raises AlreadyFinished."""
    job.finished_at, job.outcome, job.errors, job.given = timezone.now(), said, errors or [], ""
    ended = Job.objects.filter(pk=job.pk, finished_at=None).update(
        finished_at=job.finished_at,
        outcome=said,
        errors=job.errors,
        given="",
        file=job.file.name or "",
        file_name=job.file_name,
    )
    if not ended:
        raise AlreadyFinished(f"job {job.pk}")


def sentences_of(error: ConventionError) -> list[str]:
    """What is shown beneath the sentence: the errors by row where there are some."""
    rows: list[tuple[int, str]] = getattr(error, "rows", [])
    return [f"{number}: {sentence}" for number, sentence in rows[:MOST_ERRORS]] or [str(error)]


def _keep(job: Job, file: BinaryIO) -> None:
    if file.tell():
        file.seek(0)
        job.file.save(f"{job.event.slug if job.event else 'club'}-{job.pk}", File(file), save=False)
