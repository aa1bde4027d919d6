"""Files of jobs, in the database, where every machine of the site reads them."""

import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from convention.jobs.models import Job
from convention.jobs.storage import DatabaseStorage

pytestmark = pytest.mark.django_db


@pytest.fixture
def storage():
    return DatabaseStorage()


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_saved_file_is_read_unchanged(storage, size):
    content = os.urandom(size)

    name = storage.save("jobs/list.csv", ContentFile(content))

    assert storage.open(name).read() == content
    assert storage.size(name) == size


def test_files_with_same_name_are_stored_and_deleted_separately(storage):
    first = storage.save("a", ContentFile(b"first"))
    second = storage.save("a", ContentFile(b"second"))

    storage.delete(first)

    assert first != second
    assert not storage.exists(first)
    assert storage.open(second).read() == b"second"


def test_missing_file_cannot_be_opened(storage):
    with pytest.raises(FileNotFoundError):
        storage.open("jobs/gone")


def test_job_files_are_stored_in_database_and_not_on_disk(settings):
    job = Job.objects.create(kind="badges", title="Badges", language="fr")
    job.file.save("badges", ContentFile(b"%PDF"))

    assert isinstance(storages["jobs"], DatabaseStorage)
    assert isinstance(job.file.storage, DatabaseStorage)
    assert not Path(settings.MEDIA_ROOT).exists()
    assert job.file.open().read() == b"%PDF"
