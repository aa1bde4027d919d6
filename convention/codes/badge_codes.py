"""The badge code: a compact signed token inside an upper-case address.

A token is 78 bytes in base32 without padding (125 characters):

    version and purpose (4 bits each) | key number (3 bytes) | registration (8 bytes)
    | badge version (2 bytes) | Ed25519 signature of the 14 bytes before it (64 bytes)

It holds no personal data. The address in front lets an ordinary camera open a neutral page; scanners ignore
the host, so that a changed address invalidates no badge.
"""

import base64
import functools
import re
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from convention.errors import ConventionError

# Badges are printed: a change of any of these makes those of earlier events unreadable.
TOKEN_VERSION = 1
BADGE_PURPOSE = 1
# In front of what is signed, so that a signature can never be used for another kind of message.
SIGNATURE_CONTEXT = b"convention badge\0"
HEAD_BYTES = 14
TOKEN_BYTES = HEAD_BYTES + 64
TOKEN_LENGTH = 125
# Upper case and base32, since QR codes have a compact mode for capitals and digits.
TOKEN_PATTERN = re.compile(rf"(?:^|/B/)([A-Z2-7]{{{TOKEN_LENGTH}}})$")
BASE32_AS_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv")


class MalformedCode(ConventionError):
    """The text is no badge code of ours."""

    kind = "forged"


@dataclass(frozen=True)
class BadgeClaim:
    """The signed content of a code: key number, registration reference and badge version."""

    key_number: int
    registration_reference: str
    badge_version: int
    purpose: int = BADGE_PURPOSE

    def pack(self) -> bytes:
        """Return the 14 bytes that are signed."""
        # A reference is eight bytes in base32: 13 characters and three of padding, which Python requires.
        registration = base64.b32decode(self.registration_reference + "===")
        head = bytes([TOKEN_VERSION << 4 | self.purpose]) + self.key_number.to_bytes(3)
        return head + registration + struct.pack(">H", self.badge_version)


@dataclass(frozen=True)
class SignedClaim:
    """A parsed claim whose signature is not checked yet."""

    claim: BadgeClaim
    signature: bytes

    def is_signed_by(self, public_key: bytes) -> bool:
        """Return whether this key made the signature; `public_key` is 32 raw bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(
                self.signature, SIGNATURE_CONTEXT + self.claim.pack()
            )
        except InvalidSignature:
            return False
        return True


def generate_key_pair() -> tuple[bytes, bytes]:
    """Return a new private and public key, 32 raw bytes each."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def sign_claim(claim: BadgeClaim, private_key: bytes) -> str:
    """Return the token of a claim: 125 characters of base32."""
    head = claim.pack()
    signature = _load_private_key(private_key).sign(SIGNATURE_CONTEXT + head)
    return base64.b32encode(head + signature).decode().rstrip("=")


@functools.lru_cache(maxsize=32)
def _load_private_key(private_key: bytes) -> Ed25519PrivateKey:
    """Load a key, cached: loading takes longer than signing."""
    return Ed25519PrivateKey.from_private_bytes(private_key)


def build_code_address(token: str, site_url: str) -> str:
    """Return the text of the QR code: the site's address in upper case, then /B/ and the token."""
    # Schemes and host names ignore case; capitals keep the code in the compact alphanumeric mode.
    return f"{site_url.rstrip('/').upper()}/B/{token}"


def decode_token(token: str) -> bytes:
    """Return the bytes of a token, given as its 125 characters. Raise MalformedCode."""
    # `int` is written in C; base64.b32decode, written in Python, takes longer than deriving a key.
    number = int(token.translate(BASE32_AS_DIGITS), 32)
    # 125 characters have one bit more than 78 bytes. It must be zero: it would allow two forms of one code.
    if number & 1:
        raise MalformedCode("This is not a badge of ours.")
    return (number >> 1).to_bytes(TOKEN_BYTES)


def parse_badge_code(text: str) -> SignedClaim:
    """Parse a code, with or without an address in front, in upper or lower case.

    Does not check the signature. Raise MalformedCode.
    """
    # The host is not compared: the site's address may have changed since the badge was printed.
    match = TOKEN_PATTERN.search(text.strip().upper())
    if not match:
        raise MalformedCode("This is not a badge of ours.")
    raw = decode_token(match[1])
    if raw[0] >> 4 != TOKEN_VERSION:
        raise MalformedCode("This badge is of a version that this program does not know.")
    claim = BadgeClaim(
        key_number=int.from_bytes(raw[1:4]),
        registration_reference=base64.b32encode(raw[4:12]).decode().rstrip("="),
        badge_version=struct.unpack(">H", raw[12:14])[0],
        purpose=raw[0] & 0x0F,
    )
    return SignedClaim(claim, raw[HEAD_BYTES:])
