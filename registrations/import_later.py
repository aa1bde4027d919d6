"""Import a long list as a job; what it wrote and its end are kept together or not at all."""

from typing import BinaryIO

from django.db import transaction

from convention.jobs.run import Progress
from convention.packed_list import unpacked

from .import_list import import_list


def import_later(progress: Progress, _file: BinaryIO) -> str:
    """The job: the checked list, as text. Raises what `import_list` does; then nothing is kept."""
    given = unpacked(progress.job.given)
    event = progress.job.of_event
    with transaction.atomic():
        said = str(import_list(event=event, table=given.table, picks=given.picks, file_name=given.name))
        progress.finish(said)
    return said
