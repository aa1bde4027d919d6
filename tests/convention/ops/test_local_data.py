"""Nobody else can read the folder of local data, also if an older version created it."""

import os
import stat
import subprocess
import sys

import pytest

from convention.ops.local_data import prepare_local_data, read_or_create_secret
from tests.conftest import ROOT
from tests.threads import run_in_threads


def get_file_mode(folder):
    return stat.S_IMODE(folder.stat().st_mode)


def make_folder(folder, rights, *names):
    """Create a folder with these files and this mode."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text("")
    folder.chmod(rights)
    return folder


def test_new_folder_is_private(tmp_path):
    prepare_local_data(tmp_path / "a" / "var")
    assert get_file_mode(tmp_path / "a" / "var") == 0o700


@pytest.mark.parametrize(
    ("rights", "names", "kept"),
    [
        (0o755, ["secret_key"], 0o700),
        (0o775, ["limits.sqlite3", "other"], 0o700),
        (0o777, ["metrics"], 0o700),
        (0o500, ["metrics"], 0o500),
        (0o755, [], 0o755),
        (0o755, ["other"], 0o755),
        (0o1777, ["metrics"], 0o1777),
    ],
)
def test_only_folder_of_older_version_is_made_private(tmp_path, rights, names, kept):
    folder = make_folder(tmp_path / "var", rights, *names)
    prepare_local_data(folder)

    assert get_file_mode(folder) == kept


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_owner_keeps_its_mode(tmp_path):
    folder = make_folder(tmp_path / "var", 0o755, "secret_key")
    os.chown(folder, 12345, 12345)

    prepare_local_data(folder)

    assert get_file_mode(folder) == 0o755


def test_loading_settings_makes_folder_private(tmp_path):
    folder = make_folder(tmp_path / "var", 0o755, "secret_key")
    (folder / "secret_key").write_text("k" * 50)
    code = "import convention.settings"
    environ = {"MODE": "development", "VAR_DIR": str(folder), "PATH": ""}

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, check=False)

    assert done.returncode == 0
    assert get_file_mode(folder) == 0o700


def test_secret_is_created_once_and_file_is_private(tmp_path):
    secrets = {
        read_or_create_secret(tmp_path / "key", lambda made=made: made) for made in ("first", "second")
    }

    assert secrets == {"first"}
    assert get_file_mode(tmp_path / "key") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_concurrent_callers_get_the_same_secret(tmp_path):
    found = run_in_threads(
        [lambda n=n: read_or_create_secret(tmp_path / "key", lambda: f"secret {n}") for n in range(8)]
    )

    assert len(set(found)) == 1


def test_empty_secret_file_is_replaced(tmp_path):
    (tmp_path / "key").touch()

    assert read_or_create_secret(tmp_path / "key", lambda: "made") == "made"
