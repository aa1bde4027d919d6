"""Pages of development sites: for this machine and administrators, never in production."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from convention.club.models import ClubRole
from convention.mail.stored_mails import list_stored_mails
from tests.factories import make_administrator, make_event, make_person, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.once]
STRANGER = "203.0.113.77"


@pytest.fixture
def addresses(settings, tmp_path):
    """Store one e-mail; return the addresses of all development pages."""
    settings.MAIL_DIR = tmp_path
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path)},
        }
    }
    message = mail.EmailMultiAlternatives("Code", "ABC-123", "de@example.org", ["a@example.org"])
    message.attach_alternative("<p>ABC-123</p>", "text/html")
    message.attach("badge.pdf", b"%PDF-1", "application/pdf")
    message.send()
    [kept] = list_stored_mails()
    one = f"/dev/mail/{kept.file}/{kept.number}/"
    return ["/dev/mail/", "/en/dev/mail/", one, f"{one}html/", f"{one}0/", "/organize/components/"]


def get_statuses(client: Client, addresses: list[str], **environ) -> set[int]:
    return {client.get(address, **environ).status_code for address in addresses}


def test_development_pages_open_for_local_machine_and_are_not_cached(client, addresses):
    assert get_statuses(client, addresses) == {200}
    assert "no-store" in client.get("/dev/mail/")["Cache-Control"]


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": STRANGER},
        {"REMOTE_ADDR": STRANGER, "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": STRANGER, "HTTP_FORWARDED": "for=127.0.0.1"},
        {"REMOTE_ADDR": STRANGER, "HTTP_REMOTE_ADDR": "127.0.0.1"},
        {"REMOTE_ADDR": STRANGER, "HTTP_HOST": "localhost"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": STRANGER},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "rebound.example.net"},
    ],
)
def test_development_pages_are_hidden_from_remote_requests(client, addresses, environ):
    assert get_statuses(client, addresses, **environ) == {404}


def test_administrator_opens_development_pages_remotely(client, addresses):
    client.force_login(make_administrator())

    assert get_statuses(client, addresses, REMOTE_ADDR=STRANGER) == {200}


@pytest.mark.parametrize("role", ["organizer", "treasurer", "secretary", "staff", ""])
def test_other_roles_cannot_open_development_pages_remotely(client, addresses, role):
    person = make_staff(make_event()) if role == "staff" else make_person()
    if role in ClubRole.Role.values:
        ClubRole.objects.create(person=person, role=role, starts_on="2020-01-01")
    client.force_login(person)

    assert get_statuses(client, addresses, REMOTE_ADDR=STRANGER) == {404}


def test_administrator_without_required_second_factor_is_refused(client, addresses, settings):
    settings.SECOND_FACTOR = "required"
    administrator = make_administrator(email="admin@example.org")
    EmailAddress.objects.create(user=administrator, email="admin@example.org", verified=True, primary=True)
    client.force_login(administrator)

    mails, components = addresses[:-1], addresses[-1:]
    assert get_statuses(client, mails, REMOTE_ADDR=STRANGER) == {404}
    assert get_statuses(client, components, REMOTE_ADDR=STRANGER) == {302}  # to set up the second factor


def test_development_pages_are_hidden_in_production(client, addresses, settings):
    settings.PRODUCTION = True
    client.force_login(make_administrator())

    assert get_statuses(client, addresses) == {404}
    assert get_statuses(client, addresses, REMOTE_ADDR=STRANGER) == {404}
