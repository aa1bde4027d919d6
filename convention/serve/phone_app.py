"""A small page over plain http that helps a phone to install the local authority.

A separate WSGI application on its own port: the phone does not trust our https yet.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from django.core.wsgi import get_wsgi_application
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from .certificates import CertificateFiles, format_fingerprint

type StartResponse = Callable[[str, list[tuple[str, str]]], Any]

CERTIFICATE_PATH = "/convention.crt"
# Nothing else is served: this page needs no scripts or other static files.
CONTENT_TYPES = {".css": "text/css; charset=utf-8", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
CONTENT_POLICY = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'"


def serve_phone_page(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
    """Answer one request: the page, the certificate, or a style sheet, font or icon."""
    path = environ.get("PATH_INFO", "/")
    if path == "/":
        content_type, content = "text/html; charset=utf-8", render_phone_page(environ).encode()
    elif path == CERTIFICATE_PATH:
        content_type, content = (
            # The type for which phones offer to install the file.
            "application/x-x509-ca-cert",
            CertificateFiles(settings.VAR_DIR / "lan").authority_certificate.read_bytes(),
        )
    else:
        content_type, content = read_static_file(path)
    status = "200 OK" if content_type else "404 Not Found"
    headers = [
        ("Content-Type", content_type or "text/plain"),
        ("Content-Length", str(len(content))),
        ("Content-Security-Policy", CONTENT_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        # The authority may be a new one at the next start.
        ("Cache-Control", "no-store"),
    ]
    start(status, headers)
    return [content]


def render_phone_page(environ: dict[str, Any]) -> str:
    """Return the page in the language of the query string, else in the phone's."""
    language_code = parse_qs(environ.get("QUERY_STRING", "")).get("language", [""])[0]
    language = language_code if language_code in dict(settings.LANGUAGES) else choose_phone_language(environ)
    with translation.override(language):
        return render_to_string(
            "serve/phone.html",
            {
                "certificate": CERTIFICATE_PATH,
                "fingerprint": format_fingerprint(
                    CertificateFiles(settings.VAR_DIR / "lan").authority_certificate
                ),
                "site_url": settings.SITE_URL,
                "prefix": "" if language == settings.LANGUAGE_CODE else f"/{language}",
                "other_languages": [(code, name) for code, name in settings.LANGUAGES if code != language],
            },
        )


def choose_phone_language(environ: dict[str, Any]) -> str:
    """Return the first supported language in Accept-Language, else French."""
    preferences = parse_accept_lang_header(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    codes = [code[:2] for code, _quality in preferences if code[:2] in dict(settings.LANGUAGES)]
    return codes[0] if codes else settings.LANGUAGE_CODE


def read_static_file(path: str) -> tuple[str, bytes]:
    """Return content type and content of a style sheet, font or icon; ("", ...) for anything else."""
    content_type = CONTENT_TYPES.get(os.path.splitext(path)[1], "")  # noqa: PTH122 (an address, not a file)
    try:
        static_path = finders.find(path.removeprefix(settings.STATIC_URL))
    # A path such as /static/../../settings.py.
    except SuspiciousFileOperation:
        static_path = None
    if not content_type or not isinstance(static_path, str):
        return "", b"not found\n"
    with open(static_path, "rb") as file:  # noqa: PTH123 (finders return strings)
        return content_type, file.read()


# Called for its side effect: it loads the apps, which templates and translations need.
get_wsgi_application()
application = serve_phone_page
