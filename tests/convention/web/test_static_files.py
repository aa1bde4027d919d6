"""Static files as in production: references in style sheets and imports in modules have hashed names."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command

REFERENCES = {
    ".css": re.compile(r"""url\(["']?(?!data:)([^)"'?#]+)"""),
    ".js": re.compile(
        r"""^(?:import|export)\b[^;"']*["'](\.[^"']+)["']|\bimport\(\s*["'](\.[^"']+)["']\s*\)""",
        re.MULTILINE,
    ),
}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
OTHER_PACKAGES = ["admin", "rest_framework", "drf_spectacular_sidecar"]


@pytest.fixture
def hashed_files(settings, tmp_path) -> set[Path]:
    """Collect our static files as `manage.py collectstatic` does in production."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "convention.web.static_storage.HashedModuleStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=OTHER_PACKAGES)
    manifest = json.loads((tmp_path / "staticfiles.json").read_text())
    return {(tmp_path / name).resolve() for name in manifest["paths"].values()}


def list_references(file: Path) -> list[Path]:
    """Return the files that a style sheet or a module names."""
    found = REFERENCES[file.suffix].finditer(COMMENT.sub("", file.read_text()))
    return [file.parent / next(filter(None, match.groups())) for match in found]


@pytest.mark.parametrize(("kind", "least"), [(".css", 8), (".js", 100)])
def test_references_have_hashed_names(hashed_files, kind, least):
    files = [file for file in sorted(hashed_files) if file.suffix == kind]

    references = [(file.name, target) for file in files for target in list_references(file)]

    assert [(name, target.name) for name, target in references if target.resolve() not in hashed_files] == []
    assert len(references) >= least
