"""A backup alone gives access to nothing; after a restore, secrets work or are replaced as documented."""

import base64
import binascii
import json
import re
import zipfile
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from convention.backup.rules import get_backup_rule
from convention.backup.save_backup import save_backup
from registrations.visits.hosts.sign_in import send_sign_in_link
from tests.convention.backup.sample_rows import find_opened, find_working_kinds, live_secrets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

TELL = "from tests.convention.backup.sample_rows import print_working_kinds; print_working_kinds()"
NOT_SAVED = {"session", "host's sign-in", "file nobody claimed", "preview of a schedule"}
# Secrets that another SECRET_KEY does not change: the file has their hash, or a public key.
HASHED = {"API token", "device", "visitor list", "badge", "badge key"}
SECRET_LIKE = re.compile(r"(?!\d{4}-\d\d-\d\d)[!-~]{8,400}")


@pytest.fixture
def secrets(new_site, mailoutbox) -> dict[str, str]:
    """Create a secret of each kind, in another database than the new site's."""

    def send_host_link(contact) -> str:
        send_sign_in_link.call(contact.pk)
        [token] = set(re.findall(r"/host/enter/([\w-]{43})/", mailoutbox[-1].body))
        return token

    made = live_secrets(send_host_link)
    assert find_working_kinds(made) == set(made)
    return made


@pytest.fixture
def backup(secrets, tmp_path) -> Path:
    """Save that site."""
    save_backup(output=tmp_path / "backup")
    return tmp_path / "backup"


@pytest.fixture
def elsewhere(new_site, tmp_path) -> dict[str, str]:
    """Return the settings of another site with the keys of the saved one."""
    return {
        "DATABASE_URL": new_site,
        "VAR_DIR": str(tmp_path / "there"),
        "SECRET_KEY": settings.SECRET_KEY,
        "IDENTITY_KEYS": ",".join(settings.IDENTITY_KEYS),
    }


def read_archive(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def extract_texts(value) -> set[str]:
    """Return every text within a row, also inside texts and base64."""
    if isinstance(value, list | dict):
        parts = value if isinstance(value, list) else [*value.keys(), *value.values()]
        return set().union(*(extract_texts(part) for part in parts)) if parts else set()
    if not isinstance(value, str):
        return set()
    found = {value, *re.findall(r"[\w=+-]+", value), *re.findall(r"[^\s\"',;()<>/]+", value)}
    decoded = {text for one in found if (text := decode_text(one))}
    return {one for one in found | decoded if SECRET_LIKE.fullmatch(one)}


def decode_text(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def test_backup_contains_no_live_secret(secrets, backup):
    everything = b"\n".join(read_archive(backup).values())
    found = {}

    for kind, value in secrets.items():
        secret = value.rpartition("/")[2].encode()
        forms = {
            "as it is": secret,
            "in base64": base64.b64encode(secret).rstrip(b"="),
            "in hexadecimal": secret.hex().encode(),
        }
        if kind == "badge key":
            forms["as bytes"] = base64.b64encode(bytes.fromhex(value))
        found[kind] = [name for name, form in forms.items() if form in everything]

    assert found == {kind: [] for kind in secrets}
    assert settings.SECRET_KEY.encode() not in everything


@pytest.mark.long
def test_no_text_in_backup_gives_access(secrets, backup):
    candidates = set()
    for name, content in read_archive(backup).items():
        if name.startswith("tables/"):
            for line in content.splitlines():
                candidates |= extract_texts(json.loads(line))

    secret = secrets["order"].partition("/")[2]  # positive control: this one must be found
    assert len(candidates) > 200
    assert find_opened({*candidates, secret}) == [("order", secret)]


def test_backup_contains_neither_files_of_jobs_nor_tracebacks(backup):
    found = read_archive(backup)

    assert [name for name in found if name.startswith("media/")] == []

    tasks = [
        json.loads(line) for line in found["tables/django_tasks_database_dbtaskresult.jsonl"].splitlines()
    ]

    assert "READY" in str(tasks)
    assert "FAILED" not in str(tasks)
    assert "NoReverseMatch" not in str(tasks)


def check_secrets(manage, secrets: dict[str, str], site: dict[str, str]) -> dict:
    """Return which secrets still work at that site, as reported by a process there."""
    done = manage("shell", "--no-imports", "-c", TELL, SECRETS=json.dumps(secrets), **site)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.long
def test_restore_with_same_key_keeps_links_and_ends_sessions(secrets, backup, elsewhere, manage):
    restored = manage("restore", str(backup), **elsewhere)

    assert restored.returncode == 0

    here = check_secrets(manage, secrets, elsewhere)

    assert set(here["opening"]) == set(secrets) - NOT_SAVED
    assert here["badge"] == secrets["badge"]


@pytest.mark.long
def test_restore_with_earlier_key_as_fallback_keeps_links(secrets, backup, elsewhere, manage):
    elsewhere |= {"SECRET_KEY": "another" * 9, "SECRET_KEY_FALLBACKS": settings.SECRET_KEY}
    restored = manage("restore", str(backup), **elsewhere)

    assert restored.returncode == 0
    assert "SECRET_KEY_FALLBACKS" not in restored.stderr
    assert set(check_secrets(manage, secrets, elsewhere)["opening"]) == set(secrets) - NOT_SAVED


@pytest.mark.long
def test_restore_with_another_key_ends_links_and_keeps_badges_valid(secrets, backup, elsewhere, manage):
    elsewhere["SECRET_KEY"] = "another" * 9
    restored = manage("restore", str(backup), **elsewhere)

    assert restored.returncode == 0

    said = restored.stderr.splitlines()

    assert (
        said[1] == "Chacun devra se reconnecter\u202f: une sauvegarde ne contient aucune connexion ouverte."
    )
    assert said[2].startswith("SECRET_KEY n’est pas celle du site sauvegardé.")
    assert said[3].startswith("Bons de réduction\u202f: 1 code")

    here = check_secrets(manage, secrets, elsewhere)

    assert set(here["opening"]) == HASHED
    assert here["badge"] != secrets["badge"]
    assert len(here["vouchers"]) == 1
    assert here["vouchers"] != [secrets["voucher"]]


@pytest.mark.long
def test_restore_ends_sessions_begun_on_new_site(backup, elsewhere, manage):
    begin = "from django.contrib.sessions.backends.db import SessionStore as S; s = S(); s['x'] = 1; s.save()"

    assert manage("shell", "--no-imports", "-c", begin, **elsewhere).returncode == 0
    assert manage("restore", str(backup), **elsewhere).returncode == 0
    count = "from django.contrib.sessions.models import Session; print(Session.objects.count())"
    assert manage("shell", "--no-imports", "-c", count, **elsewhere).stdout.strip() == "0"


WORDS = ("secret", "token", "password", "hash", "key", "link", "code")
HARMLESS = {
    # hashes of long random texts, or of passwords, slow to guess
    "api_apitoken.token_hash", "attendance_device.token_hash", "club_person.password",
    "visits_visitorlist.link_hash", "registrations_idempotencykey.key_hash",
    "api_repeatablerequest.key_hash",
    # names of columns
    "club_directoryimport.created_keys",
    # hashes of content
    "attendance_device.pairing_code_hash", "attendance_device.pairing_code_expires_at",
    "attendance_pairinginvitation.code_hash", "attendance_device.public_key",
    "attendance_scan.code_hash", "attendance_scan.payload_hash", "registrations_idempotencykey.content_hash",
    "api_repeatablerequest.content_hash",
    "visits_ndaacceptance.hash", "visits_ndatext.hash", "visits_visitorlist.hash",
    # encrypted under SECRET_KEY in the database itself
    "events_eventkey.encrypted_private_key",
    # printed on the certificate, which could not be checked after a restore without it
    "certificates_certificate.code",
    # public, or names of something else
    "api_repeatablerequest.token_id",
    "events_eventkey.public_key", "registrations_answerfile.token",
    "payments_cardpaymentattempt.idempotency_key",
    "invoices_charge.key", "invoices_refund.charge_key",
    "auth_permission.codename", "club_company.postcode", "events_venue.postcode",
    "invoices_issuer.postcode",
    "invoices_receivable.postcode", "invoices_receivable.service_code", "invoices_numberseries.code",
    "registrations_order.billing_postcode", "registrations_order.link_version",
    "registrations_order.attendee_links_version",
    "registrations_registration.link_version", "registrations_waitingentry.link_version",
    "invoices_quotation.link_version", "schedule_personalagenda.link_version",
    "schedule_sessionproposal.link_version", "schedule_sessionproposal.form_key",
    "schedule_speakerlink.link_version", "schedule_session.links",
    "visits_visitorlist.link_expires_at", "registrations_maildelivery.message_key",
}  # fmt: skip


def test_every_secret_like_column_is_protected_or_listed_as_harmless():
    """A new column fails here until a `BackupRule` excludes or encrypts it, or it is listed as harmless."""
    saved = {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models(include_auto_created=True)
        if not get_backup_rule(model).excludes_all_rows
        for field in model._meta.concrete_fields
        if any(word in str(field.column) for word in WORDS)
        and field.column
        not in {*get_backup_rule(model).encrypted_columns, *get_backup_rule(model).blanked_columns}
    }
    assert saved == HARMLESS
