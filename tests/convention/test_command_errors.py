"""Commands with invalid settings or an unusable database: status 2, one sentence on stderr, no traceback."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.conftest import ROOT


def run(*args: str, **environ: str) -> tuple[int, str, str]:
    bare = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "MODE"}}
    done = subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=ROOT,
        env={**bare, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"MODE": "production"}, "Set SECRET_KEY: production does not start without it.\n"),
        ({"MODE": "holiday"}, "MODE is 'holiday'; it must be development, test or production.\n"),
        ({"TASKS_URL": "pigeon"}, "TASKS_URL is 'pigeon'; it must be database or immediate.\n"),
        (
            {"EMAIL_URL": "smpt://user:word@host"},
            "EMAIL_URL cannot be read; it looks like smtp+tls://user:password@host:587.\n",
        ),
        (
            {"EMAIL_URL": "smtp://user:word@host:port"},
            "EMAIL_URL cannot be read; it looks like smtp+tls://user:password@host:587.\n",
        ),
        ({"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL must begin with postgres:// or sqlite:///.\n"),
        ({"CACHE_URL": "foo://x"}, "CACHE_URL cannot be read; it looks like rediscache://host:6379/1.\n"),
        (
            {"MODE": "production", "SECRET_KEY": "x" * 60},
            "Set ALLOWED_HOSTS to the names this site answers to.\n",
        ),
    ],
)
def test_invalid_settings_are_reported(environ, sentence):
    assert run("check", **environ) == (2, "", sentence)


def test_unmigrated_database_is_reported(tmp_path):
    status, out, err = run("seed", DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3")

    assert status == 2
    assert out == ""
    assert err.startswith("La base de données n’est pas prête (no such table: ")
    assert err.endswith(": lancez `manage.py migrate`, ou `make run`.\n")


def test_database_with_unknown_migration_is_refused(tmp_path):
    database = tmp_path / "earlier.sqlite3"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "CREATE TABLE django_migrations (id integer, app text, name text, applied datetime)"
        )
        connection.execute(
            "INSERT INTO django_migrations VALUES (1, 'club', '0099_gone', '2026-01-01 00:00')"
        )

    status, _out, err = run("migrate", DATABASE_URL=f"sqlite:///{database}")

    assert status == 2
    assert err.startswith("CommandError: This database was made by another version")
    assert "0099_gone" in err
    assert "Traceback" not in err


def test_non_numeric_port_is_refused():
    assert run("serve", "--port", "abc") == (
        2,
        "",
        "Argument --port: “abc” is no port: choose one from 1024 to 65535.\n",
    )
