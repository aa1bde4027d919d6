"""Check that all that is installed may be used by a work under Apache-2.0, and that locks name no address.

Used as `python .ci/licences.py`, in the project's environment.
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FREE = set(
    """
    0BSD Apache-2.0 BSD BSD-2-Clause BSD-3-Clause CC0-1.0 CNRI-Python HPND ISC MIT MIT-0 MIT-CMU MPL-2.0
    LicenseRef-Public-Domain OFL-1.1 PSF-2.0 Python-2.0 Unlicense ZPL-2.1 Zlib
    """.split()
)
LINKED = {"psycopg", "psycopg-binary", "python-bidi", "python-stdnum"}
"""Under the LGPL and loaded as libraries, unchanged: allowed."""
LOOKED_AT = {"pypdfium2", "saxonche", "text-unidecode"}
"""For tests only: PDFium's BSD with its parts' notices; MPL-2.0, though unstated; the Artistic Licence."""
OUR_TOOLS = {"pip", "setuptools", "wheel"}
NAMES = {
    "apache software license": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "bsd license": "BSD",
    "bsd 3-clause license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "public domain": "LicenseRef-Public-Domain",
    "python software foundation license": "PSF-2.0",
    "zope public license": "ZPL-2.1",
}
LOCKS = (
    *("requirements.txt", "requirements-dev.txt", "requirements-node.txt", ".ci/requirements-audit.txt"),
    "package-lock.json",
)
ADDRESS = re.compile(r'"resolved"|https?://|--index-url|--find-links')


def main() -> int:
    """Print complaints; the exit status."""
    complaints = [*python_packages(), *front_end_packages(), *addresses()]
    print("\n".join(complaints) or "Every licence fits; no lock file names an address.")
    return 1 if complaints else 0


def python_packages() -> Iterator[str]:
    """Each Python package here whose licence is not on the list."""
    for package in metadata.distributions():
        name = package.metadata["Name"]
        if name in OUR_TOOLS or name.lower() in LINKED | LOOKED_AT:
            continue
        stated = licence_of(package.metadata)
        if not is_free(stated):
            yield f"Python package {name}: {stated or 'no licence stated'}"


def licence_of(fields: metadata.PackageMetadata) -> str:
    """What a package states: an expression, else its classifiers, else free text."""
    if expression := fields.get("License-Expression"):
        return str(expression)
    classifiers = [
        value.split(" :: ")[-1] for value in fields.get_all("Classifier") or [] if "License ::" in value
    ]
    named = [value for value in classifiers if value != "OSI Approved"]
    return " OR ".join(NAMES.get(value.lower(), value) for value in named) or str(fields.get("License") or "")


def front_end_packages() -> Iterator[str]:
    """Each npm package here whose licence is not on the list."""
    for path in sorted((ROOT / "node_modules").rglob("package.json")):
        fields = json.loads(path.read_text())
        if not {"name", "version"} <= fields.keys() or not is_package(path):
            continue
        if not is_free(str(fields.get("license") or "")):
            yield f"npm package {fields['name']}: {fields.get('license') or 'no licence stated'}"


def is_package(path: Path) -> bool:
    """Whether this package.json stands at the top of a package, not somewhere inside."""
    parents = path.parent.parent
    return parents.name == "node_modules" or (
        parents.name.startswith("@") and parents.parent.name == "node_modules"
    )


def is_free(expression: str) -> bool:
    """Whether every licence that must be followed is on the list."""
    choices = re.split(r"\s+OR\s+", expression.strip("() "), flags=re.IGNORECASE)
    return any(all_free(choice) for choice in choices if choice)


def all_free(choice: str) -> bool:
    """Whether each part of one choice is on the list."""
    parts = re.split(r"\s+AND\s+", choice.strip("() "), flags=re.IGNORECASE)
    return all(NAMES.get(part.strip("() ").lower(), part.strip("() ")) in FREE for part in parts)


def addresses() -> Iterator[str]:
    """Each lock file that says where packages come from: that is the machine's own affair."""
    for name in LOCKS:
        for line in (ROOT / name).read_text().splitlines():
            if ADDRESS.search(line) and not line.strip().startswith('"url": "https://github.com/sponsors/'):
                yield f"{name} names an address: {line.strip()}"


if __name__ == "__main__":
    sys.exit(main())
