"""Check the signature that a device with a key puts under each scan, so that any device may deliver it.

The signature is ECDSA over P-256 with SHA-256, as 64 bytes (r and s) in base64url, over a JSON array of the
fields as sent: `write_canonical_text`.
"""

import base64
import binascii
import functools
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

CANONICAL_VERSION = "scan-1"
POINT_BYTES = 65
COORDINATE_BYTES = 32
TEXT_FIELDS = ("id", "code", "registration", "direction", "at")
ECDSA = ec.ECDSA(SHA256())


def write_signed_item(item: dict[str, Any]) -> str:
    """Return the fields of an item that its signature covers, as a JSON array without version and device."""
    values = [
        *(item.get(name) or "" for name in TEXT_FIELDS),
        item.get("checkpoint"), item.get("sequence"), item.get("clock_offset_ms"),
        item.get("local_verdict") or "", item.get("let_in"), item.get("undoes") or "", item.get("page") or "",
        item.get("elapsed_ms"), item.get("operator") or "", item.get("override_reason") or "",
    ]  # fmt: skip
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def write_canonical_text(signed_item: str, device_id: int) -> str:
    """Return the text that the device signs: version, device and the fields, as JSON.stringify writes it."""
    return f'["{CANONICAL_VERSION}",{device_id},{signed_item[1:]}'


def is_signed_by_device(signed_item: str, signature: str, *, device_id: int, public_key: bytes) -> bool:
    """Return whether the device with this key (a raw point of 65 bytes) signed the item."""
    try:
        raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except (binascii.Error, ValueError):
        return False
    if len(raw) != 2 * COORDINATE_BYTES:
        return False
    numbers = (int.from_bytes(half) for half in (raw[:COORDINATE_BYTES], raw[COORDINATE_BYTES:]))
    try:
        # A text with a lone surrogate cannot be encoded, so no device signed it.
        text = write_canonical_text(signed_item, device_id).encode()
        load_device_key(public_key).verify(encode_dss_signature(*numbers), text, ECDSA)
    except (InvalidSignature, ValueError):
        return False
    return True


# A device sends many scans, and decoding its point costs as much as checking a signature.
@functools.lru_cache(maxsize=2000)
def load_device_key(public_key: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key of a raw point. Raise ValueError if it is not one of P-256."""
    if len(public_key) != POINT_BYTES:
        raise ValueError("A raw P-256 point has 65 bytes.")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)


def decode_device_key(text: str) -> bytes:
    """Return the raw point that a device sends in base64url. Raise ValueError if it is none."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise ValueError("The key is not base64url.") from error
    load_device_key(raw)
    return raw
