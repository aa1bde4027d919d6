"""Wallet passes for phones: their content, and signatures that other software accepts."""

import base64
import datetime
import hashlib
import io
import json
import subprocess
import zipfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.urls import reverse
from django.utils import timezone

from badges.codes import build_badge_code
from badges.wallet.apple import describe_apple_pass
from registrations.changes.links import build_attendee_url
from registrations.models import Order
from registrations.permissions import make_own_secret
from tests.factories import make_event, make_registration, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PEM = serialization.Encoding.PEM


@pytest.fixture
def holder():
    event = make_event(slug="congress", name="La Convention", accent="#123456")
    return make_registration(make_ticket(event, name="Invité"), first_name="Zoé", last_name="Müller")


def key_pair():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    no_password = serialization.NoEncryption()
    return key, key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, no_password)


def certificate(name: str, key, issuer=None) -> x509.Certificate:
    """Return a certificate signed by `issuer`, a certificate and its key, or a self-signed one."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    by, signer = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    now = timezone.now()
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(by).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(1))
    made = made.not_valid_after(now + datetime.timedelta(9))
    made = made.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    return made.sign(signer, hashes.SHA256())


@pytest.fixture
def apple(settings, tmp_path):
    """Configure a pass certificate and its intermediate certificate; return their folder."""
    root_key, _root_pem = key_pair()
    root = certificate("Between", root_key)
    key, pem = key_pair()
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "pass.pem").write_bytes(certificate("Pass", key, (root, root_key)).public_bytes(PEM))
    (tmp_path / "between.pem").write_bytes(root.public_bytes(PEM))
    settings.APPLE_PASS_CERTIFICATE = str(tmp_path / "pass.pem")
    settings.APPLE_PASS_KEY = str(tmp_path / "key.pem")
    settings.APPLE_PASS_INTERMEDIATE = str(tmp_path / "between.pem")
    settings.APPLE_PASS_TYPE, settings.APPLE_PASS_TEAM = "pass.example.club", "TEAM123456"
    return tmp_path


def address(name, holder):
    return reverse(name, args=[holder.order.reference, holder.order.manage_secret, holder.reference])


def test_without_keys_no_pass_is_offered(client, holder):
    page = client.get(holder.order.manage_path)

    assert b"Wallet" not in page.content
    for name in ("order-apple-pass", "order-google-pass"):
        assert client.get(address(name, holder)).status_code == 404


def test_apple_pass_has_expected_content_and_valid_signature(client, holder, apple):
    assert address("order-apple-pass", holder) in client.get(holder.order.manage_path).content.decode()

    answer = client.get(address("order-apple-pass", holder))

    assert answer["Content-Type"] == "application/vnd.apple.pkpass"

    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    signature, manifest = files.pop("signature"), files.pop("manifest.json")

    assert json.loads(manifest) == {
        name: hashlib.sha1(content, usedforsecurity=False).hexdigest() for name, content in files.items()
    }

    said = json.loads(files["pass.json"])

    assert said["barcodes"][0]["message"] == build_badge_code(holder)
    assert said["passTypeIdentifier"] == "pass.example.club"
    assert said["teamIdentifier"] == "TEAM123456"
    assert said["eventTicket"]["secondaryFields"][0]["value"] == "Zoé Müller"
    assert said["backgroundColor"] == "rgb(18, 52, 86)"
    assert is_signature_valid(apple, signature, manifest)
    assert not is_signature_valid(apple, signature, manifest + b" ")


def read_back_links(answer) -> list[str]:
    """Return the links on the back of a pass."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        back = json.loads(packed.read("pass.json"))["eventTicket"]["backFields"]
    return [field["value"] for field in back if field["key"] == "link"]


def test_pass_contains_order_link_when_requested_with_it(client, holder, apple):
    assert read_back_links(client.get(address("order-apple-pass", holder))) == [holder.order.manage_url]


def test_company_contact_gets_pass_without_link_of_colleague(client, holder, apple):
    """With a colleague's own link, a company contact could read the colleague's answers."""
    holder.order.source = Order.Source.COMPANY_CONTACT
    holder.order.save()

    colleague = make_registration(holder.ticket, order=holder.order, email="colleague@example.org")

    assert read_back_links(client.get(address("order-apple-pass", colleague))) == []
    path = reverse(
        "order-apple-pass", args=[holder.order.reference, make_own_secret(colleague), colleague.reference]
    )
    assert read_back_links(client.get(path)) == [build_attendee_url(colleague)]


def is_signature_valid(folder, signature: bytes, content: bytes) -> bool:
    """Return whether openssl accepts the signature of the content."""
    (folder / "signature").write_bytes(signature)
    (folder / "content").write_bytes(content)
    asked = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signature"]
    asked += ["-content", "content", "-CAfile", "between.pem", "-purpose", "any", "-out", "said"]
    return subprocess.run(asked, cwd=folder, capture_output=True, check=False).returncode == 0


def test_google_pass_is_signed(client, holder, settings, tmp_path):
    key, pem = key_pair()
    account = {"client_email": "club@example.org", "private_key": pem.decode()}
    (tmp_path / "account.json").write_text(json.dumps(account))
    settings.GOOGLE_WALLET_KEY = str(tmp_path / "account.json")
    settings.GOOGLE_WALLET_ISSUER = "3388000000022"
    answer = client.get(address("order-google-pass", holder))

    start, _slash, token = answer["Location"].rpartition("/")

    assert answer.status_code == 302
    assert start == "https://pay.google.com/gp/v/save"

    head, claims, signature = (part + "=" * (-len(part) % 4) for part in token.split("."))
    said = token.rpartition(".")[0].encode()

    key.public_key().verify(base64.urlsafe_b64decode(signature), said, padding.PKCS1v15(), hashes.SHA256())

    assert json.loads(base64.urlsafe_b64decode(head)) == {"alg": "RS256", "typ": "JWT"}

    claimed = json.loads(base64.urlsafe_b64decode(claims))

    assert claimed["iss"] == "club@example.org"
    assert claimed["aud"] == "google"
    assert claimed["typ"] == "savetowallet"
    [badge] = claimed["payload"]["eventTicketObjects"]
    [event] = claimed["payload"]["eventTicketClasses"]
    assert badge["barcode"] == {"type": "QR_CODE", "value": build_badge_code(holder)}
    assert badge["classId"] == event["id"] == "3388000000022.congress"
    assert len(answer["Location"]) < 1_800


@pytest.mark.parametrize(
    ("accent", "ink"), [("#123456", "rgb(255, 255, 255)"), ("#ffe08a", "rgb(20, 24, 29)")]
)
def test_apple_pass_text_contrasts_with_accent(holder, accent, ink):
    holder.event.accent = accent

    content = describe_apple_pass(holder, "")

    assert content["foregroundColor"] == ink
    assert content["labelColor"] == ink
