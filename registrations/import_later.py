"""Import a long list as a job; what it wrote and its end are kept together or not at all."""

import json
from collections.abc import Sequence
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
    given = json.loads(job.given)
    table = read_table("list.csv", given["list"].encode())
    with transaction.atomic():
        done = import_list(event=job.event, table=table, picks=given["picks"], file_name=given["name"])
        said = str(done)
        finish(job, said=said)
    return said


def packed(*, text: str, picks: Sequence[str] | None, name: str) -> str:
    """What the job is given: the checked list, what its columns are, and the file's name."""
    return json.dumps({"list": text, "picks": picks, "name": name})
