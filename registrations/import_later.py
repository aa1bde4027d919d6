"""Import a long list as a job; what it wrote and its end are kept together or not at all."""

from typing import BinaryIO, Final

from django.db import transaction

from convention.jobs.run import Progress, finish
from convention.tables import read_table

from .import_list import import_list

AT_ONCE: Final = 500
"""As many rows are imported while one waits for the page; more are a job."""


def import_later(progress: Progress, _file: BinaryIO) -> str:
    """The job: the checked list, as text. Raises what `import_list` does; then nothing is kept."""
    job = progress.job
    table = read_table("list.csv", job.given.encode())
    with transaction.atomic():
        said = str(import_list(event=job.event, table=table))
        finish(job, said=said)
    return said
