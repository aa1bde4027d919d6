"""What the scanner is made of: the files a phone keeps so that it opens without a network."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation

from .words import words

MODULES = Path(__file__).parent / "static" / "scanner"
READER = "vendor/zxing-wasm/reader/zxing_reader.wasm"
SHEET = "convention/pages/scanner.css"
FONTS = [
    f"vendor/source-sans-3/source-sans-3-{script}-wght-normal.woff2"
    for script in ("latin", "latin-ext", "greek", "cyrillic", "vietnamese")
]
VENDOR = [
    "vendor/idb/index.js",
    "vendor/barcode-detector/ponyfill.js",
    "vendor/barcode-detector/zxing-exported.js",
]


def names() -> list[str]:
    """The static files of the scanner, by their plain names."""
    own = [f"scanner/{path.name}" for path in sorted(MODULES.iterdir()) if path.suffix in {".js", ".png"}]
    return [*own, SHEET, *VENDOR, READER, *FONTS]


def page(language: str) -> str:
    """The one page, complete in itself: the same for everyone, so that a phone may keep it."""
    with translation.override(language):
        context = {
            "language": language,
            "words": words(),
            "modules": [static(name) for name in names() if name.endswith(".js")],
            "settings": {
                "reader": static(READER),
                "worker": reverse("scanner-worker"),
                "scopes": addresses(),
                "snapshot": reverse("scanner-snapshot"),
                "scans": reverse("scanner-scans"),
            },
            "other_address": next(a for a in addresses() if a != reverse("scan")),
            "languages": settings.LANGUAGES,
        }
        return render_to_string("scanner/scan.html", context)


def addresses() -> list[str]:
    """The page's address in each language; also what the service worker looks after."""
    found = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found.append(reverse("scan"))
    return found


def worker() -> str:
    """The service worker's script: its version changes with any file or word of the scanner."""
    pages = {language: page(language) for language, _name in settings.LANGUAGES}
    files = [static(name) for name in names()]
    context: dict[str, Any] = {
        "version": version([*pages.values(), *files, *digests()]),
        "files": json.dumps(files, indent=2),
        "pages": json.dumps(addresses(), indent=2),
    }
    return render_to_string("scanner/sw.js", context)


def version(parts: list[str]) -> str:
    """A short name for exactly this content."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def digests() -> list[str]:
    """What is in the files, where their addresses do not tell already."""
    if hasattr(staticfiles_storage, "hashed_files"):
        return []
    paths = [Path(str(found)) for name in names() if (found := finders.find(name))]
    return [digest(path, path.stat().st_mtime_ns) for path in paths]


@cache
def digest(path: Path, _changed: int) -> str:
    """The hash of a file, computed again when it changes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
