"""The demo's published password: found, replaced, and refused in production."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from badges.attendance.devices.pairing import get_or_create_entrance, pair_device
from badges.attendance.models import Device
from convention.accounts.checks import check_demo_passwords
from convention.accounts.demo_credentials import find_people_with_demo_password, replace_credentials
from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from convention.audit.record import record_action
from convention.club.demo_accounts import (
    DEMO_ACCOUNTS,
    DEMO_PASSWORD,
    OUTSIDE_ORGANIZER,
    get_demo_people,
    is_demo,
    make_initial_password_hash,
)
from convention.club.models import ClubRole, Person
from convention.club.seed import create_demo_accounts
from convention.events.models import Event
from convention.events.seed import verify_addresses
from convention.management.welcome import format_account_lines
from convention.seeding import DemoWorld
from tests.factories import make_company, make_event, make_person, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PASSWORD_FORM = re.compile(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}")


@pytest.fixture
def demo():
    """Create the accounts of a demo, and an event."""
    make_company()
    create_demo_accounts(DemoWorld("small", 1))
    outside = make_staff(make_event(slug="small"), email=OUTSIDE_ORGANIZER.email)
    Person.objects.filter(pk=outside.pk).update(password=make_initial_password_hash())
    verify_addresses()
    record_action("seed", "small:1")
    return get_demo_people()


@pytest.fixture
def production(settings):
    settings.PRODUCTION = True
    return settings


def emails(people) -> set[str]:
    return {person.email for person in people}


def test_only_accounts_of_seeded_demo_are_found():
    call_command("seed", size="small")
    other = make_staff(make_event(slug="other"))
    other.set_password("another one")
    other.save()

    assert emails(find_people_with_demo_password()) == {
        *(account.email for account in DEMO_ACCOUNTS),
        OUTSIDE_ORGANIZER.email,
    }
    assert is_demo()


@pytest.mark.parametrize("role", ["administrator", "event", "staff", "superuser"])
def test_staff_of_real_club_with_demo_password_is_found(role):
    person = make_staff(make_event()) if role == "event" else make_person(email=f"{role}@club.org")
    if role == "administrator":
        ClubRole.objects.create(person=person, role=role, starts_on="2020-01-01")
    person.is_staff, person.is_superuser = role == "staff", role == "superuser"
    person.set_password(DEMO_PASSWORD)
    person.save()

    assert find_people_with_demo_password() == [person]
    assert not is_demo()


def test_replacement_gives_each_account_its_own_working_password(demo):
    passwords = replace_credentials(find_people_with_demo_password())

    assert len(set(passwords.values())) == len(DEMO_ACCOUNTS) + 1
    for person, password in passwords.items():
        assert PASSWORD_FORM.fullmatch(password)
        assert authenticate(None, email=person.email, password=password) == person
        assert authenticate(None, email=person.email, password=DEMO_PASSWORD) is None
    assert find_people_with_demo_password() == []
    assert AuditEntry.objects.filter(verb="person.replace_demo_password").count() == len(passwords)


def test_replacement_revokes_sessions_tokens_passkeys_devices_and_added_addresses(demo):
    person = Person.objects.get(email="organisation@club.example")
    _row, token = create_token(person_id=person.pk, name="left", scopes=["registrations:read"])
    Authenticator.objects.create(user=person, type="webauthn", data={})
    EmailAddress.objects.create(user=person, email="stranger@example.net", verified=True)
    phone = pair_device(checkpoint=get_or_create_entrance(Event.objects.get(slug="small")), paired_by=person)
    browser = Client()
    browser.login(email=person.email, password=DEMO_PASSWORD)
    assert browser.get("/organize/").status_code == 200

    replace_credentials([person])

    program = Client(headers={"Authorization": f"Bearer {token}"})
    scanner = Client(headers={"Authorization": f"Bearer {phone.token}"})
    assert browser.get("/organize/").status_code == 302
    assert program.get("/api/v1/events/small/registrations/").status_code == 401
    assert scanner.get("/api/v1/scanner/snapshot/").status_code == 401
    assert not Authenticator.objects.filter(user=person).exists()
    assert not ApiToken.objects.filter(person=person, revoked_at=None).exists()
    assert not Device.objects.phones().filter(revoked_at=None).exists()
    assert set(EmailAddress.objects.filter(user=person).values_list("email", flat=True)) == {person.email}


def test_replacement_leaves_account_with_another_password_unchanged(demo):
    person = Person.objects.get(email="admin@club.example")
    person.set_password("a password of my own")
    person.save()
    create_token(person_id=person.pk, name="mine", scopes=["registrations:read"])

    replace_credentials(find_people_with_demo_password())

    person.refresh_from_db()
    assert person.check_password("a password of my own")
    assert ApiToken.objects.filter(person=person, revoked_at=None).count() == 1


def test_account_seeded_after_replacement_has_no_usable_password(demo):
    replace_credentials(find_people_with_demo_password())
    Person.objects.get(email="accueil@club.example").delete()

    create_demo_accounts(DemoWorld("small", 1))

    assert not Person.objects.get(email="accueil@club.example").has_usable_password()
    assert make_initial_password_hash().startswith("!")


def test_account_lines_say_where_the_current_passwords_are(demo):
    before = format_account_lines(new_passwords={})
    passwords = replace_credentials(find_people_with_demo_password())
    at_once, later = format_account_lines(new_passwords=passwords), format_account_lines(new_passwords={})
    person = Person.objects.get(email="admin@club.example")
    person.set_password(DEMO_PASSWORD)
    person.save()
    mixed = format_account_lines(new_passwords={})

    assert before[1] == "  Demo accounts (password: convention)"
    assert at_once[1] == "  Demo accounts (passwords: see above)"
    hint = r"shown once on [\d-]+ at [\d:]+; new ones: .*python\S* manage.py demo_passwords"
    assert re.fullmatch(rf"  Demo accounts \(passwords: {hint}\)", later[1])
    assert [len(lines) for lines in (before, at_once, later)] == [2 + len(passwords)] * 3
    assert mixed[1:3] == [before[1], "    admin@club.example                    administrator"]
    assert len(mixed) == 4 + len(passwords)
    assert all(password not in "\n".join([*at_once, *later, *mixed]) for password in passwords.values())


@pytest.mark.django_db(transaction=True)
def test_demo_passwords_command_prints_working_passwords_and_refuses_other_sites(command):
    refused = command("demo_passwords")
    call_command("seed", size="small")
    done = command("demo_passwords")

    assert refused.returncode == 2
    assert refused.stdout == ""
    assert "n’est pas une démonstration" in refused.stderr
    assert done.returncode == 0
    printed = dict(re.findall(rf"^    (\S+) .* ({PASSWORD_FORM.pattern})$", done.stdout, re.M))
    assert set(printed) == {account.email for account in [*DEMO_ACCOUNTS, OUTSIDE_ORGANIZER]}
    assert all(authenticate(None, email=email, password=password) for email, password in printed.items())


def test_demo_password_is_refused_as_new_password():
    for password in ("convention", "Convention"):
        with pytest.raises(ValidationError, match="trop courant"):
            validate_password(password)


def sign_in(password: str, email: str = "admin@club.example"):
    return Client().post("/accounts/login/", {"login": email, "password": password})


def test_demo_password_cannot_sign_in_in_production(demo, production):
    refused = sign_in(DEMO_PASSWORD)
    unknown = sign_in(DEMO_PASSWORD, "nobody@club.example")

    assert refused.status_code == 200
    assert "que tout le monde connaît" in refused.content.decode()
    assert "que tout le monde connaît" in unknown.content.decode()


def test_demo_account_must_set_up_second_factor_after_code_sign_in_in_production(
    demo, production, mailoutbox
):
    production.SECOND_FACTOR = "required"
    browser = Client()
    browser.post("/accounts/login/code/", {"email": "admin@club.example"})
    code = re.search(r"^[A-Z0-9]{3,}-[A-Z0-9]{3,}$", mailoutbox[0].body, re.M)[0]
    browser.post("/accounts/login/code/confirm/", {"code": code})

    assert browser.get("/organize/")["Location"] == "/me/security/"


def test_demo_password_signs_in_outside_production(demo):
    assert sign_in(DEMO_PASSWORD).status_code == 302


def test_system_check_in_production_names_each_demo_account(demo, production):
    messages = check_demo_passwords(None)

    assert [message.id for message in messages] == ["convention.W008"] * (len(DEMO_ACCOUNTS) + 1)
    assert messages[1].msg == "admin@club.example has the demo's password, which everybody can read."
    replace_credentials(find_people_with_demo_password())
    assert check_demo_passwords(None) == []


def test_system_check_in_development_reports_nothing(demo):
    assert check_demo_passwords(None) == []


@pytest.mark.long
def test_secrets_of_demo_do_not_depend_on_seed():
    """Two demos with the same seed have the same people, and different secrets."""
    fields = [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.name in {"encrypted_private_key", "public_key", "token", "public_id"}
    ]
    found = []
    for _again in range(2):
        with transaction.atomic():
            call_command("seed", size="club")
            found.append({(m, f): set(m._base_manager.values_list(f, flat=True)) for m, f in fields})
            transaction.set_rollback(True)

    first, second = found
    assert {key for key in first if first[key] & second[key] - {None, ""}} == set()
    assert any(first.values())
