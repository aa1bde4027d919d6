"""Set-up: dependencies of pyproject.toml, lock files made from them, and an environment of only these."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# The project uses private API of these: see docs/private-api.md.
BOUNDED_PACKAGES = {
    "django", "django-allauth", "django-tasks-db", "prometheus-client", "pypdf", "python-bidi",
    "reportlab", "uharfbuzz",
}  # fmt: skip


def list_package_names(requirements):
    return {re.match(r"[\w.-]+", line)[0].lower() for line in requirements}


def list_locked_names(file):
    return set(re.findall(r"^([\w.-]+)==", (ROOT / file).read_text(), re.MULTILINE))


def test_dependencies_are_locked_and_production_needs_no_test_packages():
    wanted, tests = PROJECT["project"]["dependencies"], PROJECT["dependency-groups"]["dev"]

    assert list_package_names(wanted) <= list_locked_names("requirements.txt")
    assert list_package_names(tests) <= list_locked_names("requirements-dev.txt")
    assert list_locked_names("requirements.txt") <= list_locked_names("requirements-dev.txt")
    assert not list_package_names(tests) & list_locked_names("requirements.txt") - {
        "jsonschema"
    }  # drf-spectacular needs it
    assert PROJECT["tool"]["uv"] == {"package": False, "default-groups": []}


def test_packages_with_private_api_in_use_have_upper_bound():
    bounded = [line for line in PROJECT["project"]["dependencies"] if re.search(r"~=\d+\.\d+\.\d+", line)]

    assert list_package_names(bounded) >= BOUNDED_PACKAGES


@pytest.fixture
def folder(tmp_path):
    """Return a project with empty lock files and installed front-end packages."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "setup.sh", tmp_path / ".ci")
    (tmp_path / ".ci" / "translations.py").write_text("")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("# nothing\n")
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text("{}")
    count = subprocess.run(["cksum"], input=b"{}{}", capture_output=True, check=True).stdout.decode()
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / ".installed").write_text(count.strip().replace(" ", "-"))
    return tmp_path


def set_up(folder, **environ):
    return subprocess.run(
        ["sh", ".ci/setup.sh", "run"],
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "PYTHON": sys._base_executable, **environ},
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_missing_python_is_reported_with_two_solutions(folder):
    done = set_up(folder, PYTHON="/nowhere/python3")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "Making .venv ...\n"
        "Convention needs Python 3.13 or newer, and /nowhere/python3 has none that makes virtual "
        "environments: install uv, which brings one, or install it (on Debian python3.13-venv) and name "
        "it with PYTHON=/path/to/python3.13.\n"
    )


@pytest.mark.long
def test_setup_removes_packages_no_longer_locked(folder):
    assert set_up(folder).stderr.splitlines() == [
        "Making .venv ...",
        "Installing the Python packages of requirements.txt ...",
    ]
    [packages] = folder.glob(".venv/lib/python3*/site-packages")
    add_package(packages, "Left_Over")

    unchanged = set_up(folder)
    assert unchanged.stderr == ""
    assert (packages / "left_over.py").exists()

    (folder / "requirements.txt").write_text("# changed\n")
    assert set_up(folder).returncode == 0
    assert not (packages / "left_over.py").exists()
    assert (packages / "pip").exists()


def add_package(packages: Path, name: str) -> None:
    """Install a package of one module as pip records it."""
    info = packages / f"{name}-1.0.dist-info"
    info.mkdir()
    (packages / f"{name.lower()}.py").write_text("")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "INSTALLER").write_text("pip\n")
    names = [f"{name.lower()}.py", *(f"{info.name}/{part}" for part in ("METADATA", "INSTALLER", "RECORD"))]
    (info / "RECORD").write_text("".join(f"{part},,{os.linesep}" for part in names))
