"""Settings of the tests: the project's in MODE=test, with a temporary folder."""

import atexit
import os
import shutil
import tempfile

if "VAR_DIR" not in os.environ:
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="convention-tests-")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
if os.environ.get("VAR_DIR_OF") != os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["VAR_DIR_OF"] = os.environ["PYTEST_XDIST_WORKER"]  # each process of the suite has its own
    os.environ["VAR_DIR"] += f"/{os.environ['VAR_DIR_OF']}"
os.environ.setdefault("MODE", "test")
os.environ.setdefault("RATE_LIMITS", "off")  # a test of the limits turns them on with `settings`
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser's driver runs a loop in our thread

from convention.settings import *  # noqa: F403 (they read what was set above)
from convention.settings import DATABASES, STAFF_SESSION_HOURS, VAR_DIR

# `force_login` starts a staff session like the sign-in does, so that the first page need not shorten it.
SESSION_COOKIE_AGE = STAFF_SESSION_HOURS * 3600

DATABASES["default"]["TEST"] = {"MIGRATE": False}  # see tests/model_tables.py
if DATABASES["default"]["ENGINE"] == "convention.db.sqlite":
    # A file, as in use, not memory: threads and processes of journeys really compete for it.
    DATABASES["default"]["TEST"]["NAME"] = str(VAR_DIR / "test.sqlite3")
    # No test cuts the power, and PostgreSQL runs without fsync too. Other processes have real settings.
    DATABASES["default"]["OPTIONS"]["init_command"] += "; PRAGMA synchronous=OFF"
