"""Background jobs that import a long list, or undo a large import, as a whole or not at all.

A worker that dies has written nothing: the job starts again, and finishes once.
"""

from typing import Any, BinaryIO, Protocol

from django.db import transaction
from django.utils.translation import gettext as _

from convention.club.models import DirectoryImport, Person
from convention.club.permission_cache import enable_permission_cache
from convention.tables.import_payload import iterate_with_progress, unpack_import

from .employer_choices import EmployerChoices, decode_employer_choices
from .import_directory import apply_directory, parse_directory
from .listed_memberships import NewMemberships, decode_last_day
from .same_companies import decode_same_companies
from .same_people import decode_same_people
from .seat_requests import MissingMembership
from .undo import DirectoryUndoRefused, undo_directory_import

# Kinds of jobs, registered in `hooks.job_kinds`.
IMPORT_JOB, UNDO_JOB = "directory", "directory-undo"


class DirectoryJobProgress(Protocol):
    """The part of `convention.jobs.job_queue.JobProgress` that these jobs use."""

    job: Any

    def __call__(self, done: int, total: int) -> None:
        pass

    def finish_job(self, outcome: str) -> None:
        """End the job in the current transaction."""


def run_import_job(progress: DirectoryJobProgress, _file: BinaryIO) -> str:
    """Parse the checked list, reporting progress, then write it; return a summary.

    Raise the errors of `import_directory`.
    """
    payload = unpack_import(progress.job.payload)
    lines = iterate_with_progress(payload.table, progress)
    # Before the transaction: parsing takes long, and nobody should wait for its locks meanwhile.
    parsed = parse_directory(
        table=payload.table,
        picks=payload.picks,
        file_name=payload.name,
        lines=lines,
        same_companies=decode_same_companies(payload.options),
        same_people=decode_same_people(payload.options),
        actor=_get_requester(progress),
        missing_membership=MissingMembership.SKIP_SEATS
        if MissingMembership.SKIP_SEATS.value in payload.options
        else MissingMembership.REFUSE,
        employer_choices=EmployerChoices(decode_employer_choices(payload.options)),
        new_memberships=NewMemberships.CONFIRM
        if NewMemberships.CONFIRM.value in payload.options
        else NewMemberships.DRAFT,
        default_ends_on=decode_last_day(payload.options),
    )
    with transaction.atomic():
        summary = str(apply_directory(parsed=parsed))
        progress.finish_job(summary)
    return summary


def _get_requester(progress: DirectoryJobProgress) -> Person:
    """Return the person who started the job; one without any role if they were deleted meanwhile."""
    requester: Person | None = progress.job.requested_by
    actor = requester or Person(is_active=False)
    # Every row asks for the same roles.
    enable_permission_cache(actor)
    return actor


def run_undo_job(progress: DirectoryJobProgress, _file: BinaryIO) -> str:
    """Undo the import whose key is the job's argument. Raise DirectoryUndoRefused."""
    import_record = DirectoryImport.objects.filter(pk=progress.job.argument).first()
    if import_record is None:
        raise DirectoryUndoRefused(_("This import no longer exists."))
    with transaction.atomic():
        summary = str(undo_directory_import(import_record=import_record, actor=_get_requester(progress)))
        progress.finish_job(summary)
    return summary
