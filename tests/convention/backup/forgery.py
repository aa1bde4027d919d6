"""Forged archives: every checksum right, something else wrong."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from convention.backup.restore_backup import restore_backup
from convention.errors import ConventionError
from tests.convention.backup.site import list_all_rows

# The table of most forgeries.
TABLE = "registrations_registration"


class Forgery:
    """The parts of a good backup, to be altered and written again."""

    def __init__(self, source: Path) -> None:
        with zipfile.ZipFile(source) as archive:
            self.parts = {name: archive.read(name) for name in archive.namelist()}
        self.manifest: dict[str, Any] = json.loads(self.parts.pop("manifest.json"))

    def rows(self, table: str) -> list[Any]:
        return [json.loads(line) for line in self.parts[f"tables/{table}.jsonl"].splitlines()]

    def put_rows(self, table: str, lines: list[Any]) -> None:
        """Replace the rows of a table: text as it is, anything else as JSON; the manifest agrees."""
        content = "".join(
            f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines
        ).encode()
        self.parts[f"tables/{table}.jsonl"] = content
        facts = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "rows": len(lines)}
        self.manifest["tables"][table] |= facts

    def put_file(self, path: str, content: bytes = b"x") -> None:
        """Add an uploaded file; the manifest agrees."""
        self.parts[f"media/{path}"] = content
        self.manifest["files"][path] = {
            "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
        }  # fmt: skip

    def write(self, target: Path) -> Path:
        """Write the archive, with a manifest that is JSON or what the test wants it to be."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.parts.items():
                archive.writestr(name, content)
            manifest = self.manifest
            archive.writestr("manifest.json", manifest if isinstance(manifest, str) else json.dumps(manifest))
        return target


def read_refusal(path: Path) -> str:
    """Return the sentence that refuses this file; nothing may have changed."""
    before, files = list_all_rows(), sorted(settings.MEDIA_ROOT.parent.rglob("*"))
    with pytest.raises(ConventionError) as caught:
        restore_backup(path=path)
    assert list_all_rows() == before
    assert sorted(settings.MEDIA_ROOT.parent.rglob("*")) == files
    return str(caught.value).replace(str(path), "FILE")
