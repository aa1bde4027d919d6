"""Static files with hashed names: every reference in a style sheet is found."""

import json

from django.core.management import call_command


def test_files_referenced_by_style_sheets_exist(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    paths = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    assert (tmp_path / paths["convention/look.css"]).exists()
