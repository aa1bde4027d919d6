"""A certificate authority made on the spot, that only vouches for the local network.

Phones give camera and offline mode only to https. The authority's key stays in `var/lan/` (mode 0600);
its certificate is constrained to private addresses and local names, so that even a stolen key could
not vouch for a bank. Chrome on Android, Safari on iPhone and browsers on computers accept it once installed.
"""

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from convention.errors import ConventionError
from convention.files import whole_file

AUTHORITY_DAYS = 730
SERVER_DAYS = 90
PRIVATE_NETWORKS = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
    "fc00::/7", "fe80::/10", "::1/128",
)  # fmt: skip
LOCAL_NAMES = ("localhost", "local", "lan", "home.arpa", "internal")
USAGES = (
    *("digital_signature", "key_cert_sign", "crl_sign", "content_commitment", "key_encipherment"),
    *("data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
)


@dataclass(frozen=True)
class Files:
    """Where everything is kept; keys are PKCS 8, certificates PEM."""

    folder: Path

    @property
    def authority_key(self) -> Path:
        """The authority's private key."""
        return self.folder / "authority.key"

    @property
    def authority(self) -> Path:
        """The authority's certificate, which phones install."""
        return self.folder / "authority.crt"

    @property
    def server_key(self) -> Path:
        """The server's private key."""
        return self.folder / "server.key"

    @property
    def server(self) -> Path:
        """The server's certificate, followed by the authority's."""
        return self.folder / "server.crt"


def certify(folder: Path, *, names: Sequence[str], addresses: Sequence[str]) -> Files:
    """Make what is missing: an authority that covers these names, kept, and a fresh server certificate.

    Raises ConventionError if the folder cannot be written, unless the last start left one that serves.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = Files(folder)
    now = datetime.datetime.now(datetime.UTC)
    if not authority_serves(files, names, addresses, now):
        make_authority(files, names, addresses, now)
    try:
        make_server(files, names, addresses, now)
    except ConventionError:
        if not server_serves(files, names, addresses, now):
            raise
    return files


def server_serves(
    files: Files, names: Sequence[str], addresses: Sequence[str], at: datetime.datetime
) -> bool:
    """Whether the server's certificate covers these names and addresses, for a day at least."""
    if not files.server.exists() or not files.server_key.exists():
        return False
    certificate = x509.load_pem_x509_certificate(files.server.read_bytes())
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    covered = set(alternatives.get_values_for_type(x509.DNSName))
    covered |= set(map(str, alternatives.get_values_for_type(x509.IPAddress)))
    lasts = certificate.not_valid_after_utc > at + datetime.timedelta(days=1)
    return lasts and certificate.issuer == authority.subject and {*names, *addresses} <= covered


def authority_serves(
    files: Files, names: Sequence[str], addresses: Sequence[str], at: datetime.datetime
) -> bool:
    """Whether the authority that is there is valid for a while and may vouch for all of these."""
    if not files.authority.exists() or not files.authority_key.exists():
        return False
    certificate = x509.load_pem_x509_certificate(files.authority.read_bytes())
    lasts = certificate.not_valid_after_utc > at + datetime.timedelta(days=SERVER_DAYS)
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = set(constraints.permitted_subtrees or [])
    return lasts and set(permitted_subtrees(names, addresses)) <= permitted


def permitted_subtrees(names: Sequence[str], addresses: Sequence[str]) -> list[x509.GeneralName]:
    """Private networks and local names; this machine's own, should it stand outside of them."""
    networks = [ipaddress.ip_network(network) for network in PRIVATE_NETWORKS]
    for address in addresses:
        own = ipaddress.ip_address(address)
        if not any(own in network for network in networks):
            networks.append(ipaddress.ip_network(f"{own}/{own.max_prefixlen}"))
    own_names = [name for name in names if not name.endswith(tuple(f".{local}" for local in LOCAL_NAMES))]
    return [
        *(x509.DNSName(name) for name in dict.fromkeys([*LOCAL_NAMES, *own_names])),
        *(x509.IPAddress(network) for network in networks),
    ]


def make_authority(
    files: Files, names: Sequence[str], addresses: Sequence[str], at: datetime.datetime
) -> None:
    """A new authority: phones must install it once."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Convention"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Convention, local network, {at:%Y-%m-%d %H:%M}"),
        ]
    )
    constraints = x509.NameConstraints(permitted_subtrees(names, addresses), excluded_subtrees=None)
    builder = (
        certificate_builder(subject, subject, key.public_key(), at, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(constraints, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    write_pair(files.authority_key, key, files.authority, pem(builder.sign(key, hashes.SHA256())))


def make_server(files: Files, names: Sequence[str], addresses: Sequence[str], at: datetime.datetime) -> None:
    """A certificate for this machine's names and addresses, for a few weeks."""
    issuer = x509.load_pem_x509_certificate(files.authority.read_bytes())
    issuer_key = serialization.load_pem_private_key(files.authority_key.read_bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, addresses[0])])
    alternatives = [
        *(x509.DNSName(name) for name in names),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
    ]
    builder = (
        certificate_builder(subject, issuer.subject, key.public_key(), at, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    chain = pem(builder.sign(issuer_key, hashes.SHA256())) + pem(issuer)
    write_pair(files.server_key, key, files.server, chain)


def certificate_builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    """What both certificates have; valid since yesterday, for phones whose clock is behind."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - datetime.timedelta(days=1))
        .not_valid_after(at + datetime.timedelta(days=days))
    )


def key_usage(*purposes: str) -> x509.KeyUsage:
    """What a key is for, of USAGES: an authority signs certificates, a server signs handshakes."""
    return x509.KeyUsage(**{usage: usage in purposes for usage in USAGES})


def pem(certificate: x509.Certificate) -> bytes:
    """The usual text form."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def write_pair(key_path: Path, key: ec.EllipticCurvePrivateKey, path: Path, certificate: bytes) -> None:
    """Write a key that only its owner can read, and its certificate: both or neither.

    Raises ConventionError if they cannot be written.
    """
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with whole_file(key_path, mode=0o600) as key_file, whole_file(path) as certificate_file:
        key_file.write(content)
        key_file.flush()
        certificate_file.write(certificate)


def fingerprint(certificate: Path) -> str:
    """The SHA-256 of a certificate as people compare it: pairs of hexadecimal digits."""
    return (
        x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256()).hex(":").upper()
    )
