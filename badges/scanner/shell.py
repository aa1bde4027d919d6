"""Render the scanner's page and service worker, and list the files that a phone caches for offline use."""

import hashlib
import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation

from .texts import scanner_texts

SCRIPTS_DIR = Path(__file__).parent / "static" / "scanner"
READER_WASM = "vendor/zxing-wasm/reader/zxing_reader.wasm"
STYLESHEET = "convention/pages/scanner.css"
# Attendees' names are written in these scripts; a phone cannot load a missing font while it is offline.
FONT_FILES = [
    f"vendor/source-sans-3/source-sans-3-{script}-wght-normal.woff2"
    for script in ("latin", "latin-ext", "greek", "cyrillic", "vietnamese")
]
# Loaded with the camera, so that the page itself loads sooner.
READER_SCRIPTS = ["vendor/barcode-detector/ponyfill.js", "vendor/barcode-detector/zxing-exported.js"]
# app.js and what it imports; scanning.js and what it imports are loaded once a device is paired.
FIRST_MODULES = (
    "api app badge_codes clock database device_facts device_key installation keyboard_scanner page pairing"
    " sounds storage_copy verdict"
)
FIRST_SCRIPTS = ["vendor/idb/index.js", *(f"scanner/{module}.js" for module in FIRST_MODULES.split())]
# Outside SCRIPTS_DIR, so they are listed by name: the service worker must cache every imported script.
VENDOR_SCRIPTS = [
    "vendor/idb/index.js",
    *READER_SCRIPTS,
]


def list_static_files() -> list[str]:
    """Return the names of all static files of the scanner."""
    # Sorted, since the version of the service worker is a hash over the names.
    suffixes = {".js", ".png"}
    own_files = [f"scanner/{path.name}" for path in sorted(SCRIPTS_DIR.iterdir()) if path.suffix in suffixes]
    return [*own_files, STYLESHEET, *VENDOR_SCRIPTS, READER_WASM, *FONT_FILES]


def list_scanning_scripts() -> list[str]:
    """Return the names of the scripts that only a paired device needs."""
    scripts = [name for name in list_static_files() if name.endswith(".js")]
    return [name for name in scripts if name not in FIRST_SCRIPTS and name not in READER_SCRIPTS]


def render_page(language: str) -> str:
    """Render the page; it is the same for everyone, so that a phone may cache it."""
    with translation.override(language):
        context = {
            "language": language,
            "texts": scanner_texts(),
            # Preloaded all at once: browsers discover nested imports only one level after the other.
            "modules": [static(name) for name in FIRST_SCRIPTS],
            "settings": {
                "reader": static(READER_WASM),
                "worker": reverse("scanner-worker"),
                "scopes": list_page_urls(),
                "scanning_scripts": [static(name) for name in list_scanning_scripts()],
                "snapshot": reverse("scanner-snapshot"),
                "scans": reverse("scanner-scans"),
                "pair": reverse("scanner-pair"),
                "search": reverse("scanner-search"),
                "attendees": reverse("scanner-attendees"),
                "conflicts": reverse("scanner-conflicts"),
                "checkpoint": reverse("scanner-checkpoint"),
                "version": hash_parts(list_file_versions())[:8],
            },
            "other_address": next(a for a in list_page_urls() if a != reverse("scan")),
            "languages": settings.LANGUAGES,
        }
        return render_to_string("scanner/scan.html", context)


def list_page_urls() -> list[str]:
    """Return the page's address in each language."""
    urls = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            urls.append(reverse("scan"))
    return urls


def render_service_worker() -> str:
    """Render the service worker; its version changes with any file or text of the scanner."""
    # The pages are part of the version, so that a corrected translation reaches phones, too.
    pages = {language: render_page(language) for language, _name in settings.LANGUAGES}
    offline = {
        "version": hash_parts([*pages.values(), *list_file_versions()]),
        "pages": list_page_urls(),
        "files": [static(name) for name in list_static_files()],
    }
    script = render_to_string("scanner/service_worker.js")
    return f"const OFFLINE = {json.dumps(offline, indent=2)};\n{script}"


def list_file_versions() -> list[str]:
    """Return texts that change with any file of the scanner."""
    return [*(static(name) for name in list_static_files()), *hash_files()]


def hash_parts(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def hash_files() -> list[str]:
    """Hash the files' contents; [] where hashed file names make it unnecessary."""
    # In production file names contain a hash, so addresses change with the content.
    if hasattr(staticfiles_storage, "hashed_files"):
        return []
    paths = [Path(str(found_path)) for name in list_static_files() if (found_path := finders.find(name))]
    return [hash_file(path, path.stat().st_mtime_ns) for path in paths]


# A development server renders the worker for each check of a browser; files are hashed only once.
@cache
def hash_file(path: Path, _modified_ns: int) -> str:
    """Return the file's hash; `_modified_ns` is part of the cache key."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
