"""A badge for Google Wallet: an address that holds the pass, signed with the club's service account."""

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.dates import rfc3339
from convention.errors import NotFound
from registrations.models import Registration

from .codes import code_of

SAVE = "https://pay.google.com/gp/v/save/"


def google_pass_url(registration: Registration) -> str:
    """Where this registration's pass is saved. Raises NotFound where it is not configured, and NoBadge."""
    if not settings.GOOGLE_WALLET_KEY:
        raise NotFound(_("Passes for Google Wallet are not offered here."))
    account = json.loads(Path(settings.GOOGLE_WALLET_KEY).read_text())
    with translation.override(registration.order.language):
        payload = pass_of(registration)
    claims = {
        "iss": account["client_email"],
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(timezone.now().timestamp()),
        "origins": [settings.SITE_URL],
        "payload": payload,
    }
    return SAVE + signed(claims, account["private_key"])


def pass_of(registration: Registration) -> dict[str, Any]:
    """The event and the badge, in the language of the moment."""
    event, venue = registration.event, registration.event.venue
    language = registration.order.language
    of_event = f"{settings.GOOGLE_WALLET_ISSUER}.{event.slug}"
    described: dict[str, Any] = {
        "id": of_event,
        "issuerName": event.title,
        "reviewStatus": "UNDER_REVIEW",
        "hexBackgroundColor": event.accent,
        "eventName": _text(event.title, language),
        "dateTime": {
            "start": rfc3339(event.starts_at, event.zone),
            "end": rfc3339(event.ends_at, event.zone),
        },
    }
    if venue and venue.city:
        address = "\n".join(part for part in (venue.street, f"{venue.postcode} {venue.city}".strip()) if part)
        described["venue"] = {"name": _text(venue.name, language), "address": _text(address, language)}
    badge = {
        "id": f"{of_event}-{registration.reference}-{registration.generation}",
        "classId": of_event,
        "state": "ACTIVE",
        "ticketHolderName": registration.name,
        "ticketNumber": registration.reference,
        "ticketType": _text(registration.ticket.title, language),
        "barcode": {"type": "QR_CODE", "value": code_of(registration)},
    }
    return {"eventTicketClasses": [described], "eventTicketObjects": [badge]}


def signed(claims: dict[str, Any], private_key: str) -> str:
    """A JSON Web Token by RS256, which is what Google reads."""
    key = load_pem_private_key(private_key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    said = f"{_packed({'alg': 'RS256', 'typ': 'JWT'})}.{_packed(claims)}"
    return f"{said}.{_base64(key.sign(said.encode(), PKCS1v15(), hashes.SHA256()))}"


def _packed(said: dict[str, Any]) -> str:
    return _base64(json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _text(text: str, language: str) -> dict[str, Any]:
    return {"defaultValue": {"language": language, "value": text}}
