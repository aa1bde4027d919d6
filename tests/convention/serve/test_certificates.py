"""The local authority: its certificates are valid for the local network only."""

import datetime
import http.server
import socket
import ssl
import stat
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from convention.serve import certificates, local_network
from convention.serve.certificates import CertificateFiles, ensure_certificates

NAMES, ADDRESSES = ["localhost", "desk", "desk.local"], ["192.168.1.20", "127.0.0.1"]


@pytest.fixture
def files(tmp_path) -> CertificateFiles:
    return ensure_certificates(tmp_path / "lan", names=NAMES, addresses=ADDRESSES)


def handshake(files: CertificateFiles, host: str) -> str:
    """Connect over TLS as a client that trusts only the authority; return the protocol or the refusal."""
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server_certificate, files.server_key)
    server.handle_error = lambda *_: None  # a client that rejects the certificate disconnects
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.handle_request, daemon=True).start()
    client = ssl.create_default_context(cafile=str(files.authority_certificate))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        with (
            socket.create_connection(server.server_address, timeout=5) as raw,
            client.wrap_socket(raw, server_hostname=host) as secured,
        ):
            return secured.version() or ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        server.server_close()


@pytest.mark.parametrize("host", ["localhost", "desk.local", "192.168.1.20", "127.0.0.1"])
def test_client_trusting_the_authority_trusts_the_server(files: CertificateFiles, host: str):
    assert handshake(files, host) == "TLSv1.3"


def test_server_certificate_is_invalid_for_other_names(files: CertificateFiles):
    assert (
        handshake(files, "bank.example") == "Hostname mismatch, certificate is not valid for 'bank.example'."
    )


def test_authority_cannot_sign_for_public_names_and_addresses(files: CertificateFiles):
    now = datetime.datetime.now(datetime.UTC)
    certificates.create_server_certificate(files, ["bank.example"], ["127.0.0.1"], now)

    assert handshake(files, "bank.example") == "permitted subtree violation"

    certificates.create_server_certificate(files, ["localhost"], ["203.0.113.9"], now)

    assert handshake(files, "203.0.113.9") == "permitted subtree violation"


def test_keys_are_readable_by_owner_only(files: CertificateFiles):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (files.authority_key, files.server_key)}

    assert modes == {0o600}
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700


def test_new_address_renews_server_certificate_but_not_authority(files: CertificateFiles):
    before = files.authority_certificate.read_bytes(), files.server_certificate.read_bytes()
    ensure_certificates(files.folder, names=NAMES, addresses=["10.0.0.7", "127.0.0.1"])

    after = files.authority_certificate.read_bytes(), files.server_certificate.read_bytes()

    assert before[0] == after[0]
    assert before[1] != after[1]
    assert handshake(files, "10.0.0.7") == "TLSv1.3"


def test_authority_is_replaced_if_expiring_or_not_covering_an_address(files: CertificateFiles):
    first = files.authority_certificate.read_bytes()
    ensure_certificates(files.folder, names=NAMES, addresses=["203.0.113.9", "127.0.0.1"])

    second = files.authority_certificate.read_bytes()

    assert first != second
    assert handshake(files, "203.0.113.9") == "TLSv1.3"

    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=700)
    certificates.create_authority(files, NAMES, ADDRESSES, long_ago)
    third = files.authority_certificate.read_bytes()

    ensure_certificates(files.folder, names=NAMES, addresses=ADDRESSES)

    assert third != files.authority_certificate.read_bytes()


def test_server_certificate_meets_requirements_of_phones(files: CertificateFiles):
    certificate = x509.load_pem_x509_certificate(files.server_certificate.read_bytes())
    lasts = certificate.not_valid_after_utc - certificate.not_valid_before_utc

    assert lasts < datetime.timedelta(days=398)
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternatives.get_values_for_type(x509.DNSName) == NAMES
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [purpose.dotted_string for purpose in usage] == ["1.3.6.1.5.5.7.3.1"]
    assert files.server_key.read_text().startswith("-----BEGIN PRIVATE KEY-----")

    serialization.load_pem_private_key(files.server_key.read_bytes(), None)


def test_port_in_use_is_reported():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(local_network.PortInUse) as refused:
            local_network.check_port_is_free("127.0.0.1", port)
    assert str(refused.value) == (
        f"Port {port} is taken by another program, or by a Convention that already runs: "
        f"stop that one, or choose another port with PORT={port + 1}."
    )


def test_invalid_port_is_reported():
    with pytest.raises(local_network.PortInUse, match="99999 is no port"):
        local_network.check_port_is_free("127.0.0.1", 99999)


def test_interface_addresses_include_loopback():
    assert "127.0.0.1" in local_network.list_interface_addresses()


def test_loopback_is_last_address_and_localhost_first_name():
    assert local_network.list_local_addresses()[-1] == "127.0.0.1"
    assert local_network.list_host_names()[0] == "localhost"
