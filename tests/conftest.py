"""Fixtures for all tests.

- `run_tasks()` runs every waiting task in this process; a failing one fails the test
  (`run_tasks(tolerate=True)` returns the failed results instead).
- `manage("badges", "convention", ...)` runs `manage.py` as a separate process on the test database, and
  returns exit status, stdout and stderr; needs `transactional_db`.
- `command("badges", "convention", ...)` does the same in this process: faster by a second.
- `mail_receiver` is a real SMTP server: `mail_receiver.messages` are parsed e-mails in order of arrival.
  Django's own outbox (`mailoutbox`) is faster.
- `shared_rows` (in a module's own fixture of module scope) stores rows once for all tests of the module.
- `resting_server` is pytest-django's live server, which finishes its requests before the database is emptied.
- `new_site` is the address of a second, empty database (an SQLite file; for tests marked `once`).
- `new_postgresql_database` is the address of a second PostgreSQL database, without tables.
- `add_database(folder)` puts an empty SQLite database into a folder of local data, for a site of its own (for
  tests marked `once`).
- `schedules_dir` is the folder of real schedules (SCHEDULES_DIR, else beside the project); without it the
  test is skipped.

Functions to import: `tests.pdf_readers` (`render_pdf`, `pdf_text`, `decode_qr`, `qr_image`), `tests.camera`
(`write_camera`), `tests.threads` (`run_in_threads`), `tests.factories`. Fixtures for browsers are in
`tests/journeys/conftest.py`.

A test marked `postgresql` is skipped on SQLite. The suite runs on both (`make test`), but tests that need no
database, or are marked `once`, run once. Tests marked `long` run in `make test-long`, those marked `soak` in
`make soak`, those marked `code_limits` in `make check`.
"""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as project_settings
from django.core.cache import caches
from django.core.management import execute_from_command_line
from django.db import connection, transaction
from django.utils import translation
from pytest_django.live_server_helper import LiveServer

from tests.delete_rows import flush_quickly
from tests.mail_server import MailReceiver
from tests.model_tables import complete_tables, end_other_connections, save_sqlite
from tests.request_tracking import Traffic
from tests.static_files import share_static_files
from tests.task_runner import run_waiting_tasks

# A busy machine is slow, not wrong. Tests that need more examples say so.
hypothesis.settings.register_profile(
    "suite", deadline=None, max_examples=40, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")

ROOT = Path(__file__).resolve().parent.parent
# Packages of pages, files and rules over plain ORM queries. Of these, PostgreSQL runs the tests marked
# `postgresql`; the walk of an administrator over all addresses runs their queries there.
ON_SQLITE_ALONE = tuple(
    ROOT / "tests" / name
    for name in (
        "badges/mailings", "convention/events", "convention/web", "registrations/import_export",
        "registrations/payments", "registrations/questions", "registrations/storefront",
        "registrations/test_orders_api.py", "registrations/ticketing", "registrations/visits",
        "schedule/api", "schedule/conflicts", "schedule/editing", "schedule/exchange", "schedule/personal",
        "schedule/plan_runs", "schedule/programme", "schedule/proposals", "schedule/speakers",
    )
)  # fmt: skip
REAL_SCHEDULES = "SCHEDULES_DIR"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Do not read modules of which PostgreSQL runs nothing."""
    is_on_sqlite_alone = any(collection_path.is_relative_to(path) for path in ON_SQLITE_ALONE)
    if connection.vendor == "postgresql" and is_on_sqlite_alone and collection_path.suffix == ".py":
        return "pytest.mark.postgresql" not in collection_path.read_text() or None
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip or deselect tests by database."""
    if connection.vendor == "postgresql":
        without = [item for item in items if not depends_on_database(item)]
        items[:] = [item for item in items if depends_on_database(item)]
        config.hook.pytest_deselected(items=without)
        return
    skip = pytest.mark.skip(reason="needs PostgreSQL (DATABASE_URL); `make test` runs it there too")
    for item in items:
        if item.get_closest_marker("postgresql"):
            item.add_marker(skip)


def depends_on_database(item: pytest.Item) -> bool:
    """Return whether a test uses the database, so that it may matter which."""
    if item.get_closest_marker("postgresql"):
        return True
    if item.get_closest_marker("once") or any(item.path.is_relative_to(path) for path in ON_SQLITE_ALONE):
        return False
    fixtures = set(getattr(item, "fixturenames", []))
    return bool(item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db", "live_server"})


def pytest_configure(config: pytest.Config) -> None:
    """Make tests start and end quickly; compile changed translations once, before anything reads them."""
    flush_quickly()
    share_static_files()
    if not hasattr(config, "workerinput"):
        subprocess.run([sys.executable, ".ci/translations.py", "compile"], cwd=ROOT, check=True)


def pytest_report_header() -> str:
    """Say which database this run uses."""
    return f"database: {connection.vendor} · var: {project_settings.VAR_DIR}"


@pytest.fixture(scope="session")
def empty_database_file(tmp_path_factory) -> Path:
    """Return the path of an empty SQLite database with all tables, to be copied."""
    return tmp_path_factory.mktemp("database") / "empty.sqlite3"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, empty_database_file) -> Iterator[None]:
    """Complete the tables made from the models; at the end close connections that tests left open."""
    with django_db_blocker.unblock():
        complete_tables()
        if connection.vendor == "sqlite":
            save_sqlite(empty_database_file)
        yield
        end_other_connections()


@pytest.fixture(scope="module")
def shared_rows(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Let the module's fixtures store rows and files once; each test still undoes its own changes."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
    shutil.rmtree(project_settings.MEDIA_ROOT, ignore_errors=True)


@pytest.fixture(autouse=True)
def _fresh_language_cache_and_files(request):
    """Start each test in French, with empty caches and without uploaded files."""
    for cache in caches.all():
        cache.clear()
    with translation.override(project_settings.LANGUAGE_CODE):
        yield
    if "shared_rows" not in request.fixturenames:
        shutil.rmtree(project_settings.MEDIA_ROOT, ignore_errors=True)


@pytest.fixture
def run_tasks(db):
    """Return the function that runs waiting tasks as the worker does."""
    return run_waiting_tasks


@pytest.fixture
def manage(transactional_db):
    """Return a function that runs `manage.py` as a separate process on the test database."""

    def run(*args: str, stdin: str | None = None, timeout: float = 300, **environ: str) -> Any:
        return subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database_url(), **environ},
            capture_output=True,
            text=True,
            input=stdin,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def command(transactional_db, capsys):
    """Return a function that runs `manage.py` in this process."""

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        status: Any = 0
        capsys.readouterr()
        try:
            execute_from_command_line(["manage.py", *args])
        except SystemExit as left:
            status = left.code
        said = capsys.readouterr()
        return subprocess.CompletedProcess(args, status, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def add_database(django_db_setup, empty_database_file) -> Callable[[Path], None]:
    """Return a function that puts an empty database with all tables into a folder of local data."""

    def add(folder: Path) -> None:
        shutil.copyfile(empty_database_file, folder / "convention.sqlite3")

    return add


@pytest.fixture
def new_site(django_db_setup, empty_database_file, tmp_path) -> str:
    """Return the address of a second database, which is empty and has all tables."""
    path = shutil.copyfile(empty_database_file, tmp_path / "new-site.sqlite3")
    return f"sqlite:///{path}"


@pytest.fixture
def new_postgresql_database(transactional_db) -> Iterator[str]:
    """Return the address of a second database, which has no tables; skip the test on SQLite."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    name = f"test_second_{uuid.uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield database_url().rpartition("/")[0] + "/" + name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def database_url() -> str:
    """Return the test database's address, for another process."""
    made = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{made['NAME']}"
    password = f":{made['PASSWORD']}" if made["PASSWORD"] else ""
    return f"postgres://{made['USER']}{password}@{made['HOST']}:{made['PORT']}/{made['NAME']}"


@pytest.fixture
def mail_receiver(settings):
    """Run a real SMTP server that receives our mail."""
    receiver = MailReceiver()
    receiver.start()
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": receiver.hostname, "port": receiver.port, "timeout": 10},
        }
    }
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def traffic() -> Iterator[Traffic]:
    """Watch the requests of live servers."""
    with Traffic() as watched:
        yield watched


@pytest.fixture
def resting_server(live_server, traffic: Traffic) -> Iterator[LiveServer]:
    """Run a live server that finishes its requests before the database is emptied."""
    traffic.begin(live_server.thread.port)
    yield live_server
    traffic.end()


@pytest.fixture(scope="session")
def schedules_dir() -> Path:
    """Return the folder of real published schedules."""
    folder = Path(os.environ.get(REAL_SCHEDULES) or ROOT.parent / "shared" / "data" / "schedules")
    if not folder.is_dir():
        pytest.skip(f"{REAL_SCHEDULES} names no folder of real schedules")
    return folder
