"""Build a badge for Apple Wallet: a signed archive (.pkpass), if the club's certificate is configured."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from badges.codes import build_badge_code
from convention.errors import NotFound
from convention.text.dates import format_datetime_range, format_rfc3339
from convention.web.accent_colours import choose_ink
from registrations.models import Registration
from registrations.orders.calendar import format_venue_address

ICON_PATH = Path(__file__).parent.parent / "scanner" / "static" / "scanner" / "icon-192.png"
IMAGE_NAMES = ("icon.png", "icon@2x.png", "logo.png", "logo@2x.png")


def build_apple_pass(registration: Registration, *, link: str = "") -> bytes:
    """Return the pass of one registration.

    `link` is shown on the back: pass only one that opens this registration alone, since a pass is often
    shown to others. Raise NotFound if passes are not configured, and NoBadge.
    """
    if not settings.APPLE_PASS_CERTIFICATE:
        raise NotFound(_("Apple Wallet passes are not available here."))
    with translation.override(registration.mail_language):
        payload = json.dumps(describe_apple_pass(registration, link), ensure_ascii=False).encode()
    files = {"pass.json": payload, **dict.fromkeys(IMAGE_NAMES, ICON_PATH.read_bytes())}
    # Apple's format demands SHA-1 in the manifest; the signature over the manifest uses SHA-256.
    sums = {name: hashlib.sha1(content, usedforsecurity=False).hexdigest() for name, content in files.items()}
    manifest = json.dumps(sums).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {
            **files,
            "manifest.json": manifest,
            "signature": sign_manifest(manifest),
        }.items():
            packed.writestr(name, content)
    return archive.getvalue()


def describe_apple_pass(registration: Registration, link: str) -> dict[str, Any]:
    """Return the content of the pass in the active language."""
    event = registration.event
    where = format_venue_address(event)
    text_color = _format_color(choose_ink(event.accent))
    return {
        "formatVersion": 1,
        "passTypeIdentifier": settings.APPLE_PASS_TYPE,
        "teamIdentifier": settings.APPLE_PASS_TEAM,
        # A pass replaces one with the same serial number; another badge version is another pass.
        "serialNumber": f"{registration.reference}-{registration.badge_version}",
        "organizationName": event.title,
        "description": _("Badge: %(event)s") % {"event": event.title},
        "relevantDate": format_rfc3339(event.starts_at, event.zone),
        "expirationDate": format_rfc3339(event.ends_at, event.zone),
        "foregroundColor": text_color,
        "labelColor": text_color,
        "backgroundColor": _format_color(event.accent),
        "sharingProhibited": True,
        "barcodes": [
            {
                "format": "PKBarcodeFormatQR",
                "message": build_badge_code(registration),
                # The code is plain ASCII; Apple recommends this encoding.
                "messageEncoding": "iso-8859-1",
                # Shown below the code, for a desk whose scanner cannot read the screen.
                "altText": registration.reference,
            }
        ],
        "eventTicket": {
            "primaryFields": [_pass_field("event", _("Event"), event.title)],
            "secondaryFields": [_pass_field("name", _("Name"), registration.name)],
            "auxiliaryFields": [_pass_field("ticket", _("Ticket"), registration.ticket.title)],
            "backFields": [
                _pass_field(
                    "when", _("When"), format_datetime_range(event.starts_at, event.ends_at, event.zone)
                ),
                *([_pass_field("where", _("Where"), where)] if where else []),
                *([_pass_field("link", _("Your registration"), link)] if link else []),
            ],
        },
    }


def _format_color(color: str) -> str:
    """Return a color such as "#14181d" in the notation of Apple's format."""
    red, green, blue = (int(color.lstrip("#")[at : at + 2], 16) for at in (0, 2, 4))
    return f"rgb({red}, {green}, {blue})"


def sign_manifest(manifest: bytes) -> bytes:
    """Return a detached PKCS#7 signature by the club's certificate, including Apple's intermediate."""
    certificate, intermediate = (
        x509.load_pem_x509_certificate(Path(path).read_bytes())
        for path in (settings.APPLE_PASS_CERTIFICATE, settings.APPLE_PASS_INTERMEDIATE)
    )
    key = load_pem_private_key(Path(settings.APPLE_PASS_KEY).read_bytes(), None)
    assert isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey)
    builder = PKCS7SignatureBuilder().set_data(manifest).add_signer(certificate, key, hashes.SHA256())
    # Apple requires its intermediate certificate inside the signature.
    builder = builder.add_certificate(intermediate)
    # Binary: by default line ends would be converted as for S/MIME, and the signature would not match.
    return builder.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])


def _pass_field(key: str, label: str, value: str) -> dict[str, str]:
    return {"key": key, "label": label, "value": value}
