"""A good backup and its forgeries, beside a database that nobody used yet."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from convention.backup.save import save
from tests.convention.backup.forged import Forgery
from tests.factories import make_account, make_registration


@pytest.fixture
def good(transactional_db, tmp_path) -> Path:
    """A backup of a few rows and one file; afterwards the database is as `migrate` leaves it."""
    make_account(email="ana@example.org", password="a long password")
    make_registration(email="zoe@example.org")
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    (settings.MEDIA_ROOT / "logo.png").write_bytes(b"\x89PNG")
    save(output=tmp_path / "good.backup")
    (settings.MEDIA_ROOT / "logo.png").unlink()
    call_command("flush", interactive=False)
    return tmp_path / "good.backup"


@pytest.fixture
def forge(good) -> Callable[[], Forgery]:
    """A forgery to begin with."""
    return lambda: Forgery(good)
