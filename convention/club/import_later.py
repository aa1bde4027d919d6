"""The directory's long work as jobs: a list imported, an import undone; each as a whole or not at all.

A worker that dies in the middle has written nothing: the job starts again, and ends once.
"""

from typing import Any, BinaryIO, Protocol

from django.db import transaction
from django.utils.translation import gettext as _

from convention.packed_list import unpacked, with_progress

from .import_directory import bring_in, read_list
from .models import DirectoryImport
from .undo_directory import CannotUndo, undo_directory

IMPORT, UNDO = "directory", "directory-undo"
"""The kinds of jobs in `hooks.job_kinds`."""


class Progress(Protocol):
    """What a job gives its work (convention/jobs/run.py): itself, a way to say how far it is, one to end."""

    job: Any

    def __call__(self, done: int, total: int) -> None:
        """Say how far it is."""

    def finish(self, said: str) -> None:
        """End it, in the transaction at hand."""


def import_later(progress: Progress, _file: BinaryIO) -> str:
    """The job: the checked list. It is read first, row by row, then written. Raises as `import_directory`."""
    given = unpacked(progress.job.given)
    lines = with_progress(given.table, progress)
    listed = read_list(table=given.table, picks=given.picks, file_name=given.name, lines=lines)
    with transaction.atomic():
        said = str(bring_in(listed=listed))
        progress.finish(said)
    return said


def undo_later(progress: Progress, _file: BinaryIO) -> str:
    """The job: the import of that number is taken back. Raises CannotUndo."""
    run = DirectoryImport.objects.filter(pk=progress.job.argument).first()
    if run is None:
        raise CannotUndo(_("There is no such import any more."))
    with transaction.atomic():
        said = str(undo_directory(run=run))
        progress.finish(said)
    return said
