"""Render the desk's page for work without network, its service worker, and the list of files to store."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from badges.scanner.shell import FONT_FILES, hash_file, hash_parts
from convention.text.languages import LANGUAGE_CHOICES

from .offline_texts import list_offline_texts
from .payments import DESK_METHODS

SCRIPTS_DIR = Path(__file__).parent / "static" / "desk"
STYLESHEETS = [
    "convention/look.css",
    "convention/organize.css",
    "convention/pages/desk.css",
    "convention/pages/badge_paper.css",
]
# Imported by our scripts, so the worker must store them.
SHARED_SCRIPTS = [
    "desk/address_hint.js",
    "desk/email_addresses.js",
    "desk/skipped_guests.js",
    "vendor/idb/index.js",
    "scanner/badge_codes.js",
    "scanner/clock.js",
    "scanner/identify_badge.js",
    "scanner/keyboard_scanner.js",
]
ICONS = ["scanner/icon-192.png", "scanner/icon-512.png", "convention/icon.svg"]
# The scopes of the service worker: the desks of all events, and the offline page.
SCOPE_URL_NAMES = ("desks", "desk-offline")
# In the place of the event's slug: the page is the same for all events.
EVENT_PLACEHOLDER = "EVENT"


def list_static_files() -> list[str]:
    """Return the names of all static files of the page."""
    # Sorted, since the version of the service worker is a hash over the names.
    own_scripts = [f"desk/offline/{path.name}" for path in sorted((SCRIPTS_DIR / "offline").glob("*.js"))]
    return [*own_scripts, *SHARED_SCRIPTS, *STYLESHEETS, *ICONS, *FONT_FILES]


def render_page(language: str) -> str:
    """Render the page; it is the same for everyone, so that a browser may store it."""
    with translation.override(language):
        context = {
            "language": language,
            "languages": LANGUAGE_CHOICES,
            "texts": list_offline_texts(),
            "payment_methods": [(method.value, method.label) for method in DESK_METHODS],
            "modules": [static(name) for name in list_static_files() if name.endswith(".js")],
            "stylesheets": [static(name) for name in STYLESHEETS],
            "settings": {
                "worker": reverse("desk-worker"),
                "scopes": reverse_in_each_language(*SCOPE_URL_NAMES),
                "sign_in": reverse("account_login"),
                **{
                    name: reverse(url_name, args=[EVENT_PLACEHOLDER])
                    for name, url_name in (
                        ("session", "desk-session"), ("enable", "desk-enable"), ("sync", "desk-sync"),
                        ("desk", "desk"),
                    )
                },
            },
        }  # fmt: skip
        return render_to_string("desk/offline.html", context)


def reverse_in_each_language(*url_names: str) -> list[str]:
    """Return the addresses of these pages, language by language."""
    urls: list[str] = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            urls += [reverse(url_name) for url_name in url_names]
    return urls


def render_service_worker() -> str:
    """Render the service worker; its version changes with any file or text of the page."""
    pages = {language: render_page(language) for language, _name in settings.LANGUAGES}
    names = list_static_files()
    files = [static(name) for name in names]
    offline = {
        "version": hash_parts([*pages.values(), *files, *_hash_contents(names)]),
        "pages": reverse_in_each_language("desk-offline"),
        "scopes": reverse_in_each_language(*SCOPE_URL_NAMES),
        "files": files,
    }
    script = render_to_string("desk/offline_worker.js")
    return f"const DESK_OFFLINE = {json.dumps(offline, indent=2)};\n{script}"


def _hash_contents(names: list[str]) -> list[str]:
    # In production file names contain a hash, so addresses change with the content.
    if hasattr(staticfiles_storage, "hashed_files"):
        return []
    paths = [Path(str(found)) for name in names if (found := finders.find(name))]
    return [hash_file(path, path.stat().st_mtime_ns) for path in paths]


def describe_app() -> dict[str, Any]:
    """Return the manifest with which a browser installs the desk."""
    icons = [
        {"src": static(f"scanner/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    return {
        # One identity in both languages, although the start address differs.
        "id": "/desk-app/",
        "name": _("Convention desk"),
        "short_name": _("Desk"),
        "description": _("Check guests in and print badges, even offline."),
        "lang": translation.get_language(),
        "start_url": reverse("desks"),
        "scope": reverse("desks").removesuffix("/"),
        "display": "standalone",
        "background_color": "#101418",
        "theme_color": "#101418",
        "icons": icons,
    }
