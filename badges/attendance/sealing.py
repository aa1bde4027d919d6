"""What a scan-only phone holds of a person: sealed, and only the badge itself opens it.

A registration's record is AES-256-GCM under a key that HKDF-SHA256 makes of the badge's token, so a lost
phone reveals nothing. In a browser, with the 78 bytes that the token's base32 stands for:

    material = await crypto.subtle.importKey("raw", tokenBytes, "HKDF", false, ["deriveKey"])
    key = await crypto.subtle.deriveKey(
      {name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encode("convention sealed")},
      material, {name: "AES-GCM", length: 256}, false, ["decrypt"])
    nonce, box = sealed.slice(0, 12), sealed.slice(12)     // after base64url
    JSON.parse(decode(await crypto.subtle.decrypt({name: "AES-GCM", iv: nonce}, key, box)))
"""

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

INFO = b"convention sealed"
KEY_PREFIX = b"convention registration\0"
NONCE_BYTES = 12
KEY_BYTES = 12


def short_key(reference: str) -> str:
    """How a device names a registration: 16 characters, the first 12 bytes of a SHA-256 in base64url.

    SHA-256 of `convention registration`, a zero byte and the reference (13 characters of base32).
    """
    return encode(hashlib.sha256(KEY_PREFIX + reference.encode()).digest()[:KEY_BYTES])


def seal(token: str, record: dict[str, Any]) -> str:
    """The record, sealed for whoever reads that token: base64url of nonce and box."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
    key = sealing_key(token)
    # The nonce follows from key and text: the same record seals alike, another never reuses a nonce.
    nonce = hmac.digest(key, text, "sha256")[:NONCE_BYTES]
    return encode(nonce + AESGCM(key).encrypt(nonce, text, None))


def unseal(token: str, sealed: str) -> dict[str, Any]:
    """Open what `seal` closed. Raises cryptography's InvalidTag for another token."""
    raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    text = AESGCM(sealing_key(token)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
    record: dict[str, Any] = json.loads(text)
    return record


def sealing_key(token: str) -> bytes:
    """HKDF-SHA256 (RFC 5869) of the token's bytes, without salt: 32 bytes, so one round of each step."""
    material = base64.b32decode(token + "===")
    extracted = hmac.digest(bytes(32), material, "sha256")
    return hmac.digest(extracted, INFO + b"\x01", "sha256")


def encode(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
