"""The commands of the Makefile that remove files."""

import shutil
import subprocess

import pytest

from tests.conftest import ROOT

INSTALLED = [".venv/bin/python", "node_modules/idb/index.js", "static-root/a.css", ".schemathesis/cases.json"]
DATA = ["var/convention.sqlite3", "var/media/logo.png", "var/secret_key"]


@pytest.fixture
def folder(tmp_path):
    """Return a folder with the project's Makefile, installed packages and data."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in INSTALLED + DATA:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


def make(folder, target, typed=""):
    return subprocess.run(
        ["make", target], cwd=folder, input=typed, capture_output=True, text=True, timeout=30, check=False
    )


def list_files(folder):
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name != "Makefile"
    )


def test_clean_removes_installed_files_but_not_data(folder):
    assert make(folder, "clean").returncode == 0
    assert list_files(folder) == sorted(DATA)


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", "ERASE\n", "era*\n"])
def test_erase_data_needs_confirmation(folder, typed):
    done = make(folder, "erase-data", typed)

    assert done.returncode != 0
    assert f"deletes the database, uploaded files, e-mails and keys in {folder}/var" in done.stdout
    assert list_files(folder) == sorted(INSTALLED + DATA)


def test_erase_data_removes_data_after_confirmation(folder):
    assert make(folder, "erase-data", "erase\n").returncode == 0
    assert list_files(folder) == sorted(INSTALLED)


def test_git_ignores_files_of_tools():
    names = [".schemathesis/", "uv.lock", ".venv", "node_modules", "var", "static-root"]
    done = subprocess.run(
        ["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stdout.split() == names
