"""Build a badge for Google Wallet: a link with the pass, signed by the club's service account."""

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

from badges.codes import build_badge_code
from convention.errors import NotFound
from convention.text.dates import format_rfc3339
from registrations.models import Registration

SAVE_URL = "https://pay.google.com/gp/v/save/"


def build_google_pass_url(registration: Registration) -> str:
    """Return the link that saves this pass. Raise NoBadge, or NotFound if passes are not configured."""
    if not settings.GOOGLE_WALLET_KEY:
        raise NotFound(_("Google Wallet passes are not available here."))
    account = json.loads(Path(settings.GOOGLE_WALLET_KEY).read_text())
    with translation.override(registration.mail_language):
        payload = describe_google_pass(registration)
    claims = {
        "iss": account["client_email"],
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(timezone.now().timestamp()),
        "origins": [settings.SITE_URL],
        "payload": payload,
    }
    return SAVE_URL + sign_jwt(claims, account["private_key"])


def describe_google_pass(registration: Registration) -> dict[str, Any]:
    """Return event and badge as Google's objects, in the active language."""
    event, venue = registration.event, registration.event.venue
    language = registration.mail_language
    # Google demands ids that begin with the issuer's.
    class_id = f"{settings.GOOGLE_WALLET_ISSUER}.{event.slug}"
    event_class: dict[str, Any] = {
        "id": class_id,
        "issuerName": event.title,
        # The state that the issuer sets; Google approves the class afterwards.
        "reviewStatus": "UNDER_REVIEW",
        "hexBackgroundColor": event.accent,
        "eventName": _localized_text(event.title, language),
        "dateTime": {
            "start": format_rfc3339(event.starts_at, event.zone),
            "end": format_rfc3339(event.ends_at, event.zone),
        },
    }
    if venue and venue.city:
        address = "\n".join(part for part in (venue.street, f"{venue.postcode} {venue.city}".strip()) if part)
        event_class["venue"] = {
            "name": _localized_text(venue.name, language),
            "address": _localized_text(address, language),
        }
    badge = {
        # With the version, since a link does not update an object that was saved before.
        "id": f"{class_id}-{registration.reference}-{registration.badge_version}",
        "classId": class_id,
        "state": "ACTIVE",
        "ticketHolderName": registration.name,
        "ticketNumber": registration.reference,
        "ticketType": _localized_text(registration.ticket.title, language),
        "barcode": {"type": "QR_CODE", "value": build_badge_code(registration)},
    }
    return {"eventTicketClasses": [event_class], "eventTicketObjects": [badge]}


def sign_jwt(claims: dict[str, Any], private_key: str) -> str:
    """Return a JSON Web Token signed with RS256, the algorithm that Google accepts."""
    key = load_pem_private_key(private_key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    signing_input = f"{_encode_json({'alg': 'RS256', 'typ': 'JWT'})}.{_encode_json(claims)}"
    return (
        f"{signing_input}.{_encode_base64url(key.sign(signing_input.encode(), PKCS1v15(), hashes.SHA256()))}"
    )


def _encode_json(payload: dict[str, Any]) -> str:
    return _encode_base64url(json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode())


def _encode_base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _localized_text(text: str, language: str) -> dict[str, Any]:
    return {"defaultValue": {"language": language, "value": text}}
