"""The badge code: a compact signed token inside an upper-case address.

A token is 78 bytes in base32 without padding (125 characters):

    version and purpose (4 bits each) | key number (3 bytes) | registration (8 bytes)
    | generation (2 bytes) | Ed25519 signature of the 14 bytes before it (64 bytes)

It holds no personal data. The address in front lets an ordinary camera open a neutral page;
scanners ignore the host, so a changed address voids no badge.
"""

import base64
import binascii
import functools
import re
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .errors import ConventionError

VERSION = 1
BADGE = 1
CONTEXT = b"convention badge\0"
HEAD_BYTES = 14
TOKEN_BYTES = HEAD_BYTES + 64
TOKEN_LENGTH = 125
TOKEN_PATTERN = re.compile(rf"(?:^|/B/)([A-Z2-7]{{{TOKEN_LENGTH}}})$")


class MalformedCode(ConventionError):
    """The text read is no badge code of ours."""

    kind = "forged"


@dataclass(frozen=True)
class Claim:
    """What a code says: which registration (its reference), signed by which key, which generation."""

    key: int
    registration: str
    generation: int
    purpose: int = BADGE

    def pack(self) -> bytes:
        """The 14 bytes that are signed."""
        registration = base64.b32decode(self.registration + "===")
        head = bytes([VERSION << 4 | self.purpose]) + self.key.to_bytes(3)
        return head + registration + struct.pack(">H", self.generation)


@dataclass(frozen=True)
class SignedClaim:
    """A claim as read, whose signature is not checked yet."""

    claim: Claim
    signature: bytes

    def is_signed_by(self, public_key: bytes) -> bool:
        """Whether this key made the signature; `public_key` is 32 raw bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, CONTEXT + self.claim.pack())
        except InvalidSignature:
            return False
        return True


def new_key_pair() -> tuple[bytes, bytes]:
    """A new private and public key, 32 raw bytes each."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def sign(claim: Claim, private_key: bytes) -> str:
    """The token of a claim: 125 characters of base32."""
    head = claim.pack()
    signature = _opened(private_key).sign(CONTEXT + head)
    return base64.b32encode(head + signature).decode().rstrip("=")


@functools.lru_cache(maxsize=32)
def _opened(private_key: bytes) -> Ed25519PrivateKey:
    """Opening a key takes longer than signing with it."""
    return Ed25519PrivateKey.from_private_bytes(private_key)


def address(token: str, site_url: str) -> str:
    """What the QR says: the site's address in upper case, then /B/ and the token."""
    return f"{site_url.rstrip('/').upper()}/B/{token}"


def parse(text: str) -> SignedClaim:
    """Read a code, with or without an address in front, in either case.

    Raises MalformedCode for anything else; the signature is not checked here.
    """
    match = TOKEN_PATTERN.search(text.strip().upper())
    if not match:
        raise MalformedCode("This is not a badge of ours.")
    try:
        raw = base64.b32decode(match[1] + "===")
    except (binascii.Error, ValueError) as error:
        raise MalformedCode("This is not a badge of ours.") from error
    if raw[0] >> 4 != VERSION or base64.b32encode(raw).decode().rstrip("=") != match[1]:
        raise MalformedCode("This badge is of a version that this program does not know.")
    claim = Claim(
        key=int.from_bytes(raw[1:4]),
        registration=base64.b32encode(raw[4:12]).decode().rstrip("="),
        generation=struct.unpack(">H", raw[12:14])[0],
        purpose=raw[0] & 0x0F,
    )
    return SignedClaim(claim, raw[HEAD_BYTES:])
