"""`make audit`: read the output of its two tools, also if they could not look anything up."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / ".ci" / "audit.py"


@pytest.fixture(scope="module")
def audit():
    spec = importlib.util.spec_from_file_location("audit_of_the_project", SCRIPT)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


PYTHON_REPORT = {
    "dependencies": [
        {"name": "attrs", "version": "26.1.0", "vulns": []},
        {
            "name": "jinja2",
            "version": "2.4.1",
            "vulns": [
                {"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"], "aliases": [], "description": "..."},
                {"id": "PYSEC-2019-1", "fix_versions": [], "aliases": [], "description": "..."},
            ],
        },
    ],
    "fixes": [],
}
SKIPPED_PACKAGE = {
    "name": "babel",
    "skip_reason": "Dependency not found on PyPI and could not be audited: babel (2.18.0)",
}
NPM_REPORT = {
    "auditReportVersion": 2,
    "vulnerabilities": {
        "idb": {"name": "idb", "severity": "high", "range": "<8.0.5", "via": [], "nodes": []}
    },
    "metadata": {
        "vulnerabilities": {"high": 1, "total": 1},
        "dependencies": {"prod": 28, "dev": 1, "total": 29},
    },
}


def test_vulnerable_python_packages_are_listed_with_the_fix(audit):
    report = audit.read_python_report("requirements-dev.txt", json.dumps(PYTHON_REPORT))

    assert list(report.lines()) == [
        "VULNERABLE  jinja2 2.4.1: PYSEC-2014-8, fixed in 2.7.2",
        "VULNERABLE  jinja2 2.4.1: PYSEC-2019-1, fixed in no version yet",
    ]
    assert audit.incomplete([report]) == ""


def test_skipped_python_packages_are_not_counted_as_looked_up(audit):
    clean = PYTHON_REPORT["dependencies"][0]
    some = audit.read_python_report("a.txt", json.dumps({"dependencies": [clean, SKIPPED_PACKAGE]}))
    none = audit.read_python_report("b.txt", json.dumps({"dependencies": [SKIPPED_PACKAGE]}))

    assert list(some.lines()) == ["ok          a.txt: 1 looked up, none with a known vulnerability"]
    assert list(none.lines()) == []
    assert audit.incomplete([some, none]) == (
        "Not audited: a.txt (the list of vulnerabilities reached from here does not know 1 of 2 packages); "
        "b.txt (the list of vulnerabilities reached from here does not know any packages)."
    )


def test_vulnerable_npm_packages_are_listed(audit):
    report = audit.read_npm_report("package-lock.json", json.dumps(NPM_REPORT))

    assert list(report.lines()) == ["VULNERABLE  idb <8.0.5: high"]
    assert report.looked_up == 29


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '{"message": "405", "error": {}}', "ERROR: no route to host"]
)
def test_output_without_a_report_counts_as_not_audited(audit, text):
    reports = [audit.read_python_report("a.txt", text), audit.read_npm_report("package-lock.json", text)]

    assert audit.incomplete(reports) == (
        "Not audited: a.txt, package-lock.json "
        "(the list of vulnerabilities cannot be reached; is there a network?)."
    )


@pytest.mark.long
def test_audit_without_a_network_names_the_packages_not_audited(tmp_path):
    """Run the real tools, if installed, with every registry unreachable."""
    nowhere = "http://127.0.0.1:9"
    environment = os.environ | {
        "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "http_proxy": nowhere, "https_proxy": nowhere,
        "NO_PROXY": "", "no_proxy": "", "NPM_CONFIG_FETCH_RETRIES": "0", "PIP_RETRIES": "0",
        "NPM_CONFIG_CACHE": str(tmp_path), "AUDIT_FOLDER": str(tmp_path / "venv"), "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 75
    assert done.stdout == ""
    assert done.stderr.startswith("Not audited: Python packages (pip-audit could not be installed")
    assert "package-lock.json (" in done.stderr
    assert done.stderr.count("\n") == 1
