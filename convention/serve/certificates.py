"""A local certificate authority that is only valid for the local network.

Phones allow camera and offline mode over https only. The authority's key stays in `var/lan/` (mode 0600); its
certificate is constrained to private addresses and local names, so that even a stolen key could not
impersonate public sites. Chrome on Android, Safari on iPhone and desktop browsers accept it once installed.
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
from convention.files import write_atomically

# Two years, since phones must install each new authority; each start makes a new server certificate.
AUTHORITY_VALID_DAYS = 730
SERVER_VALID_DAYS = 90
# RFC 1918, link-local and loopback addresses, and the same for IPv6 (RFC 4193, RFC 4291).
PRIVATE_NETWORKS = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
    "fc00::/7", "fe80::/10", "::1/128",
)  # fmt: skip
# Names for local networks (RFC 6761, RFC 6762, RFC 8375); ICANN reserves `internal`, many routers use `lan`.
LOCAL_NAMES = ("localhost", "local", "lan", "home.arpa", "internal")
KEY_USAGES = (
    *("digital_signature", "key_cert_sign", "crl_sign", "content_commitment", "key_encipherment"),
    *("data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
)


@dataclass(frozen=True)
class CertificateFiles:
    """Paths of keys (PKCS 8) and certificates (PEM)."""

    folder: Path

    @property
    def authority_key(self) -> Path:
        return self.folder / "authority.key"

    @property
    def authority_certificate(self) -> Path:
        """Return the path of the certificate that phones install."""
        return self.folder / "authority.crt"

    @property
    def server_key(self) -> Path:
        return self.folder / "server.key"

    @property
    def server_certificate(self) -> Path:
        """Return the path of the server's certificate, followed by the authority's."""
        return self.folder / "server.crt"


def ensure_certificates(folder: Path, *, names: Sequence[str], addresses: Sequence[str]) -> CertificateFiles:
    """Create a fresh server certificate, and an authority if none covers these names.

    Raise ConventionError if the folder cannot be written, unless the last start left a usable certificate.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = CertificateFiles(folder)
    now = datetime.datetime.now(datetime.UTC)
    if not is_authority_usable(files, names, addresses, now):
        create_authority(files, names, addresses, now)
    try:
        create_server_certificate(files, names, addresses, now)
    # On a full disk the previous certificate is used, if it covers the addresses.
    except ConventionError:
        if not is_server_certificate_usable(files, names, addresses, now):
            raise
    return files


def is_server_certificate_usable(
    files: CertificateFiles, names: Sequence[str], addresses: Sequence[str], at: datetime.datetime
) -> bool:
    """Return whether the certificate covers these names and addresses for at least a day."""
    if not files.server_certificate.exists() or not files.server_key.exists():
        return False
    certificate = x509.load_pem_x509_certificate(files.server_certificate.read_bytes())
    authority = x509.load_pem_x509_certificate(files.authority_certificate.read_bytes())
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    covered = set(alternatives.get_values_for_type(x509.DNSName))
    covered |= set(map(str, alternatives.get_values_for_type(x509.IPAddress)))
    lasts_long_enough = certificate.not_valid_after_utc > at + datetime.timedelta(days=1)
    return lasts_long_enough and certificate.issuer == authority.subject and {*names, *addresses} <= covered


def is_authority_usable(
    files: CertificateFiles, names: Sequence[str], addresses: Sequence[str], at: datetime.datetime
) -> bool:
    """Return whether the authority outlives a new server certificate and may sign for all of these."""
    if not files.authority_certificate.exists() or not files.authority_key.exists():
        return False
    certificate = x509.load_pem_x509_certificate(files.authority_certificate.read_bytes())
    # It has to outlive the certificates that it signs now.
    lasts_long_enough = certificate.not_valid_after_utc > at + datetime.timedelta(days=SERVER_VALID_DAYS)
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = set(constraints.permitted_subtrees or [])
    return lasts_long_enough and set(list_permitted_subtrees(names, addresses)) <= permitted


def list_permitted_subtrees(names: Sequence[str], addresses: Sequence[str]) -> list[x509.GeneralName]:
    """Return private networks and local names, and addresses and names of this machine outside of them."""
    networks = [ipaddress.ip_network(network) for network in PRIVATE_NETWORKS]
    for address in addresses:
        own_address = ipaddress.ip_address(address)
        if not any(own_address in network for network in networks):
            networks.append(ipaddress.ip_network(f"{own_address}/{own_address.max_prefixlen}"))
    own_names = [name for name in names if not name.endswith(tuple(f".{local}" for local in LOCAL_NAMES))]
    return [
        *(x509.DNSName(name) for name in dict.fromkeys([*LOCAL_NAMES, *own_names])),
        *(x509.IPAddress(network) for network in networks),
    ]


def create_authority(
    files: CertificateFiles, names: Sequence[str], addresses: Sequence[str], at: datetime.datetime
) -> None:
    """Create a new authority, which phones must install once."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Convention"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Convention, local network, {at:%Y-%m-%d %H:%M}"),
        ]
    )
    constraints = x509.NameConstraints(list_permitted_subtrees(names, addresses), excluded_subtrees=None)
    builder = (
        start_certificate(subject, subject, key.public_key(), at, AUTHORITY_VALID_DAYS)
        # It may sign servers but no further authority.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(make_key_usage("key_cert_sign", "crl_sign"), critical=True)
        # Critical: a program that does not know name constraints must refuse the authority.
        .add_extension(constraints, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    write_key_pair(
        files.authority_key, key, files.authority_certificate, encode_pem(builder.sign(key, hashes.SHA256()))
    )


def create_server_certificate(
    files: CertificateFiles, names: Sequence[str], addresses: Sequence[str], at: datetime.datetime
) -> None:
    """Create a certificate for these names and addresses, valid for a few weeks."""
    issuer = x509.load_pem_x509_certificate(files.authority_certificate.read_bytes())
    issuer_key = serialization.load_pem_private_key(files.authority_key.read_bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    # Browsers read the alternative names only.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, addresses[0])])
    alternatives = [
        *(x509.DNSName(name) for name in names),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
    ]
    builder = (
        start_certificate(subject, issuer.subject, key.public_key(), at, SERVER_VALID_DAYS)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(make_key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    chain = encode_pem(builder.sign(issuer_key, hashes.SHA256())) + encode_pem(issuer)
    write_key_pair(files.server_key, key, files.server_certificate, chain)


def start_certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    """Return a builder with the common parts; valid since yesterday, for phones whose clock is behind."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - datetime.timedelta(days=1))
        .not_valid_after(at + datetime.timedelta(days=days))
    )


def make_key_usage(*purposes: str) -> x509.KeyUsage:
    """Return the KeyUsage extension with the given KEY_USAGES."""
    return x509.KeyUsage(**{usage: usage in purposes for usage in KEY_USAGES})


def encode_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def write_key_pair(key_path: Path, key: ec.EllipticCurvePrivateKey, path: Path, certificate: bytes) -> None:
    """Write a key that only its owner can read, and its certificate: both or neither.

    Raise ConventionError if they cannot be written.
    """
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with write_atomically(key_path, mode=0o600) as key_file, write_atomically(path) as certificate_file:
        key_file.write(content)
        # Before the certificate is written: on a full disk this fails while both old files are still there.
        key_file.flush()
        certificate_file.write(certificate)


def format_fingerprint(certificate: Path) -> str:
    """Return the SHA-256 of a certificate as people compare it: pairs of hexadecimal digits."""
    return (
        x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256()).hex(":").upper()
    )
