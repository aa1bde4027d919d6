"""A badge for Apple Wallet: a signed archive (.pkpass), made where the club's certificate is named."""

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

from convention.dates import rfc3339, say_span
from convention.errors import NotFound
from registrations.calendar import where_of
from registrations.models import Registration

from .codes import code_of

ICON = Path(__file__).parent / "scanner" / "static" / "scanner" / "icon-192.png"
IMAGES = ("icon.png", "icon@2x.png", "logo.png", "logo@2x.png")
INK = "rgb(255, 255, 255)"


def apple_pass(registration: Registration, *, link: str = "") -> bytes:
    """The pass of one registration, with the link that whoever asks has, if it opens this place alone.

    Raises NotFound where passes are not configured, and NoBadge.
    """
    if not settings.APPLE_PASS_CERTIFICATE:
        raise NotFound(_("Passes for Apple Wallet are not offered here."))
    with translation.override(registration.order.language):
        said = json.dumps(pass_of(registration, link), ensure_ascii=False).encode()
    files = {"pass.json": said, **dict.fromkeys(IMAGES, ICON.read_bytes())}
    # SHA-1 is what the format asks for in its list of files; the signature over the list is SHA-256.
    sums = {name: hashlib.sha1(content, usedforsecurity=False).hexdigest() for name, content in files.items()}
    manifest = json.dumps(sums).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {**files, "manifest.json": manifest, "signature": signed(manifest)}.items():
            packed.writestr(name, content)
    return archive.getvalue()


def pass_of(registration: Registration, link: str) -> dict[str, Any]:
    """What the pass says, in the language of the moment."""
    event = registration.event
    where = where_of(event)
    red, green, blue = (int(event.accent.lstrip("#")[at : at + 2], 16) for at in (0, 2, 4))
    return {
        "formatVersion": 1,
        "passTypeIdentifier": settings.APPLE_PASS_TYPE,
        "teamIdentifier": settings.APPLE_PASS_TEAM,
        "serialNumber": f"{registration.reference}-{registration.generation}",
        "organizationName": event.title,
        "description": _("Badge: %(event)s") % {"event": event.title},
        "relevantDate": rfc3339(event.starts_at, event.zone),
        "expirationDate": rfc3339(event.ends_at, event.zone),
        "foregroundColor": INK,
        "labelColor": INK,
        "backgroundColor": f"rgb({red}, {green}, {blue})",
        "sharingProhibited": True,
        "barcodes": [
            {
                "format": "PKBarcodeFormatQR",
                "message": code_of(registration),
                "messageEncoding": "iso-8859-1",
                "altText": registration.reference,
            }
        ],
        "eventTicket": {
            "primaryFields": [_field("event", _("Event"), event.title)],
            "secondaryFields": [_field("name", _("Name"), registration.name)],
            "auxiliaryFields": [_field("ticket", _("Ticket"), registration.ticket.title)],
            "backFields": [
                _field("when", _("When"), say_span(event.starts_at, event.ends_at, event.zone)),
                *([_field("where", _("Where"), where)] if where else []),
                *([_field("link", _("Your registration"), link)] if link else []),
            ],
        },
    }


def signed(manifest: bytes) -> bytes:
    """A detached signature over the list of files, with the club's certificate and Apple's between."""
    certificate, between = (
        x509.load_pem_x509_certificate(Path(path).read_bytes())
        for path in (settings.APPLE_PASS_CERTIFICATE, settings.APPLE_PASS_INTERMEDIATE)
    )
    key = load_pem_private_key(Path(settings.APPLE_PASS_KEY).read_bytes(), None)
    assert isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey)
    builder = PKCS7SignatureBuilder().set_data(manifest).add_signer(certificate, key, hashes.SHA256())
    builder = builder.add_certificate(between)
    return builder.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])


def _field(key: str, label: str, value: str) -> dict[str, str]:
    return {"key": key, "label": label, "value": value}
