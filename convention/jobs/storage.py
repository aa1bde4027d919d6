"""Storage of job files in the database, so that servers and workers on all machines can read them.

Settings choose it under the alias `jobs` of STORAGES. Files are read and written in one piece: the server
builds the whole response in memory anyway (`convention/rsgi.py`).
"""

from typing import ClassVar

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import models
from django.db.models.functions import Length

from convention.backup.rules import EXCLUDED_FROM_BACKUP, BackupRule


class JobFile(models.Model):
    """A stored file. It has no foreign key to its job, since Django's storages know files by name only."""

    BACKUP_RULE: ClassVar[BackupRule] = EXCLUDED_FROM_BACKUP

    name = models.CharField(max_length=100, unique=True)
    content = models.BinaryField(editable=False)

    def __str__(self) -> str:
        return self.name


class DatabaseStorage(Storage):
    """A Django storage whose files are rows; a file is written once and then only read."""

    def exists(self, name: str) -> bool:
        return JobFile.objects.filter(name=name).exists()

    def delete(self, name: str) -> None:
        JobFile.objects.filter(name=name).delete()

    def size(self, name: str) -> int:
        return JobFile.objects.filter(name=name).values_list(Length("content"), flat=True).get()

    def _open(self, name: str, mode: str = "rb") -> File:
        content = JobFile.objects.filter(name=name).values_list("content", flat=True).first()
        if mode != "rb" or content is None:
            raise FileNotFoundError(name)
        return ContentFile(bytes(content), name)

    def _save(self, name: str, content: File) -> str:
        JobFile.objects.create(name=name, content=content.read())
        return name
