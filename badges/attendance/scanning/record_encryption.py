"""Encrypt the record of a registration on a scan-only phone, so that only its badge can decrypt it.

Each record is AES-256-GCM under a key that HKDF-SHA256 derives from the badge's token, so a lost phone
reveals nothing. In a browser, with the 78 bytes that the token's base32 stands for:

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

from convention.codes.badge_codes import decode_token

# identify_badge.js uses the same text; a change makes every record on every phone unreadable.
HKDF_INFO = b"convention sealed"
# Separates these hashes from all others of the reference; a phone stores no reference in clear.
REGISTRATION_KEY_PREFIX = b"convention registration\0"
NONCE_BYTES = 12
REGISTRATION_KEY_BYTES = 12
SHORT_HASH_DIGITS = 16


def make_registration_key(reference: str) -> str:
    """Return the key by which devices name a registration: 16 characters of base64url.

    It is the first 12 bytes of SHA-256 over `convention registration`, a zero byte and the reference.
    """
    return encode_base64url(
        hashlib.sha256(REGISTRATION_KEY_PREFIX + reference.encode()).digest()[:REGISTRATION_KEY_BYTES]
    )


def hash_short_code(slug: str, short_code: str) -> str:
    """Return the 16 hex digits by which a device finds a registration by its typed short code."""
    return hashlib.sha256(f"short:{slug}:{short_code}".encode()).hexdigest()[:SHORT_HASH_DIGITS]


def encrypt_record(token: str, record: dict[str, Any]) -> str:
    """Encrypt the record so that the holder of this token can read it.

    Return base64url of nonce and ciphertext.
    """
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
    key = derive_record_key(token)
    # GCM breaks if a nonce is used for two texts, so it is derived from the text. Unlike a random one, it
    # also gives an unchanged record the same ciphertext.
    nonce = hmac.digest(key, text, "sha256")[:NONCE_BYTES]
    return encode_base64url(nonce + AESGCM(key).encrypt(nonce, text, None))


def decrypt_record(token: str, encrypted_record: str) -> dict[str, Any]:
    """Decrypt a record. Raise cryptography's InvalidTag for another token."""
    raw = base64.urlsafe_b64decode(encrypted_record + "=" * (-len(encrypted_record) % 4))
    text = AESGCM(derive_record_key(token)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
    record: dict[str, Any] = json.loads(text)
    return record


def derive_record_key(token: str) -> bytes:
    """Derive 32 bytes from the token by HKDF-SHA256 (RFC 5869) without salt."""
    # Extract: "no salt" is 32 zero bytes (RFC 5869, 2.2). Expand: 32 bytes are one block, T(1).
    extracted = hmac.digest(bytes(32), decode_token(token), "sha256")
    return hmac.digest(extracted, HKDF_INFO + b"\x01", "sha256")


def encode_base64url(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
