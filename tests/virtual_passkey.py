"""A passkey in Python, so that a test can send what no honest authenticator would."""

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

# Where a COSE key names its algorithm.
ALGORITHM = 3
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
LOGIN, ADD = "/accounts/2fa/passkeys/login/", "/accounts/2fa/passkeys/add/"


@dataclass
class SoftPasskey:
    """A key pair with its credential id and the handle of its account."""

    handle: bytes = b""
    rp_id: str = "testserver"
    origin: str = "https://testserver"
    flags: int = PRESENT | VERIFIED
    algorithm: int = ES256.ALGORITHM
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def registration(self, challenge: bytes, **client: Any) -> dict[str, Any]:
        """Return the response to a registration challenge."""
        public = {**ES256.from_cryptography_key(self.key.public_key()), ALGORITHM: self.algorithm}
        attested = b"\0" * 16 + struct.pack(">H", len(self.credential_id)) + self.credential_id
        data = self._data(self.flags | ATTESTED) + attested + cbor.encode(public)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        said = self._client_data("webauthn.create", challenge, **client)
        return self._credential(clientDataJSON=said, attestationObject=attestation)

    def assertion(self, challenge: bytes, **client: Any) -> dict[str, Any]:
        """Return the response to a sign-in challenge."""
        said = self._client_data("webauthn.get", challenge, **client)
        data = self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            clientDataJSON=said, authenticatorData=data, signature=signature, userHandle=self.handle
        )

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, 0)

    def _client_data(self, kind: str, challenge: bytes, **client: Any) -> bytes:
        said = {"type": kind, "challenge": websafe_encode(challenge), "origin": self.origin, **client}
        return json.dumps({**said, "crossOrigin": False}).encode()

    def _credential(self, **response: bytes) -> dict[str, Any]:
        name = websafe_encode(self.credential_id)
        answered = {key: websafe_encode(value) for key, value in response.items()}
        return {"id": name, "rawId": name, "type": "public-key", "response": answered,
                "clientExtensionResults": {}}  # fmt: skip


def request_challenge(client: Client) -> bytes:
    """Request a sign-in by passkey, as the page's script does; return the challenge."""
    options = client.get(LOGIN, headers={"accept": "application/json"}, secure=True).json()
    return websafe_decode(options["request_options"]["publicKey"]["challenge"])


def sign_in(client: Client, credential: dict[str, Any]) -> Any:
    """Send a response to the sign-in."""
    return client.post(LOGIN, {"credential": json.dumps(credential)}, secure=True, follow=True)


def begin_registration(client: Client) -> tuple[bytes, bytes]:
    """Open the page that adds a passkey; return the challenge and the account's handle."""
    options = client.get(ADD, secure=True).context["js_data"]["creation_options"]["publicKey"]
    return websafe_decode(options["challenge"]), websafe_decode(options["user"]["id"])


def send_registration(client: Client, credential: dict[str, Any], name: str = "Clé") -> Any:
    """Send a response to a registration challenge."""
    return client.post(ADD, {"credential": json.dumps(credential), "name": name}, secure=True, follow=True)


def add_passkey(client: Client, **fields: Any) -> SoftPasskey:
    """Add a passkey to the account that is signed in."""
    challenge, handle = begin_registration(client)
    passkey = SoftPasskey(handle=handle, **fields)
    send_registration(client, passkey.registration(challenge))
    return passkey
