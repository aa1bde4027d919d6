"""Fixtures: a good backup, forgeries of it, and an unused database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from convention.backup.save_backup import save_backup
from tests.convention.backup.forgery import Forgery
from tests.delete_rows import delete_all_rows
from tests.factories import make_account, make_registration


@pytest.fixture
def good_backup(transactional_db, tmp_path) -> Path:
    """Save a few rows and one file, then leave the database as `migrate` does."""
    make_account(email="ana@example.org", password="a long password")
    make_registration(email="zoe@example.org")
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    (settings.MEDIA_ROOT / "logo.png").write_bytes(b"\x89PNG")
    save_backup(output=tmp_path / "good.backup")
    (settings.MEDIA_ROOT / "logo.png").unlink()
    delete_all_rows()
    return tmp_path / "good.backup"


@pytest.fixture
def forge(good_backup) -> Callable[[], Forgery]:
    """Return a function that opens a forgery of the good backup."""
    return lambda: Forgery(good_backup)
