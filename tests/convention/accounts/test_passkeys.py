"""Forged passkey responses: another account's, replayed, without user verification, for another site."""

import dataclasses
import secrets

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from fido2.utils import websafe_encode

from convention.club.models import Person
from tests.factories import make_account
from tests.virtual_passkey import (
    PRESENT,
    VERIFIED,
    SoftPasskey,
    add_passkey,
    begin_registration,
    request_challenge,
    send_registration,
    sign_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def browser(person: Person | None = None) -> Client:
    """Return a browser, signed in if a person is given."""
    client = Client()
    if person:
        client.force_login(person)
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": 4_000_000_000}]
        session.save()
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/me/security/", secure=True).status_code == 200


@pytest.fixture
def ana():
    return make_account(email="ana@example.org")


@pytest.fixture
def eva():
    return make_account(email="eva@example.org")


@pytest.fixture
def passkey(ana) -> SoftPasskey:
    return add_passkey(browser(ana))


def test_valid_passkey_signs_in_to_its_account(ana, passkey):
    """Positive control: each attack below changes one part of this."""
    client = browser()
    sign_in(client, passkey.assertion(request_challenge(client)))

    assert is_signed_in(client)
    assert client.session["_auth_user_id"] == str(ana.pk)


ATTACKS = {
    "its holder was not verified": {"flags": PRESENT},
    "nobody touched it": {"flags": VERIFIED},
    "made for another site": {"rp_id": "evil.example", "origin": "https://evil.example"},
    "asked for by another site": {"origin": "https://evil.example"},
    "asked for by a site beneath ours": {"origin": "https://evil.testserver"},
    "asked for without encryption": {"origin": "http://testserver"},
    "asked for by no site": {"origin": ""},
    "another key": {"key": SoftPasskey().key},
    "another credential": {"credential_id": b"x" * 32},
    "nobody's handle": {"handle": b""},
    "a handle that is no number": {"handle": b"\xff\xfe"},
    "a handle of nobody": {"handle": b"999999"},
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_sign_in_with_forged_response_is_refused(passkey, attack):
    client = browser()
    forged = dataclasses.replace(passkey, **ATTACKS[attack])

    answer = sign_in(client, forged.assertion(request_challenge(client)))

    assert answer.status_code == 200
    assert not is_signed_in(client)


def test_response_for_one_account_opens_no_other_account(ana, eva, passkey):
    """The sender chooses the handle; the key must belong to that account."""
    add_passkey(browser(eva))
    of_eva = websafe_encode(str(eva.pk).encode())
    client = browser()
    credential = passkey.assertion(request_challenge(client))
    credential["response"]["userHandle"] = of_eva

    sign_in(client, credential)

    assert not is_signed_in(client)


def test_response_works_once_and_only_in_its_browser(passkey):
    client, other = browser(), browser()
    request_challenge(other)
    credential = passkey.assertion(request_challenge(client))

    sign_in(other, credential)

    assert not is_signed_in(other)

    sign_in(client, credential)

    assert is_signed_in(client)

    client.post("/accounts/logout/", secure=True)
    sign_in(client, credential)

    assert not is_signed_in(client)

    request_challenge(client)
    sign_in(client, credential)

    assert not is_signed_in(client)


def test_response_to_another_challenge_or_of_another_type_is_refused(ana, passkey):
    client = browser()
    request_challenge(client)

    sign_in(client, passkey.assertion(secrets.token_bytes(32)))

    assert not is_signed_in(client)

    client = browser()
    sign_in(client, passkey.assertion(request_challenge(client), type="webauthn.create"))

    assert not is_signed_in(client)

    client = browser()
    sign_in(client, passkey.registration(request_challenge(client)))

    assert not is_signed_in(client)


@pytest.mark.parametrize("attack", [name for name in ATTACKS if "key" not in name and "handle" not in name
                                    and "credential" not in name])  # fmt: skip
def test_adding_forged_passkey_is_refused(ana, attack):
    client = browser(ana)
    challenge, handle = begin_registration(client)

    forged = SoftPasskey(handle=handle, **ATTACKS[attack])

    assert send_registration(client, forged.registration(challenge)).status_code == 200
    assert Authenticator.objects.count() == 0


def test_passkey_is_added_only_to_the_requesting_account(ana, eva):
    """A response to the challenge of another session is refused."""
    client, other = browser(ana), browser(eva)
    challenge, handle = begin_registration(client)
    begin_registration(other)
    credential = SoftPasskey(handle=handle).registration(challenge)

    send_registration(other, credential)

    assert Authenticator.objects.count() == 0

    send_registration(client, credential)

    assert set(Authenticator.objects.values_list("user", "type")) == {
        (ana.pk, "webauthn"),
        (ana.pk, "recovery_codes"),
    }

    send_registration(client, credential)

    assert Authenticator.objects.filter(type="webauthn").count() == 1


def test_copied_credential_id_opens_only_own_account(ana, eva, passkey):
    """A credential id is no secret: registering it with another key gives no access."""
    client = browser(eva)
    challenge, handle = begin_registration(client)
    copied = SoftPasskey(handle=handle, credential_id=passkey.credential_id)
    send_registration(client, copied.registration(challenge))
    for key, opens in ((passkey, ana), (copied, eva)):
        client = browser()
        sign_in(client, key.assertion(request_challenge(client)))
        assert client.session["_auth_user_id"] == str(opens.pk)
    client = browser()

    sign_in(client, dataclasses.replace(copied, handle=passkey.handle).assertion(request_challenge(client)))

    assert not is_signed_in(client)


def test_passkey_with_unknown_algorithm_is_refused_without_server_error(ana):
    """Such a key could be registered, and would cause a server error at each sign-in."""
    passkey = add_passkey(browser(ana), algorithm=-99_999)
    client = browser()

    answer = sign_in(client, passkey.assertion(request_challenge(client)))

    assert answer.status_code == 200
    assert not is_signed_in(client)


def test_adding_passkey_needs_recent_authentication(ana):
    ana.set_password("a long password")
    ana.save()
    client = Client()

    client.force_login(ana)

    assert client.get("/accounts/2fa/passkeys/add/", secure=True).status_code == 302

    send_registration(client, SoftPasskey(handle=b"1").registration(secrets.token_bytes(32)))
    send_registration(browser(), SoftPasskey(handle=b"1").registration(secrets.token_bytes(32)))

    assert Authenticator.objects.count() == 0


def test_closed_account_and_removed_passkey_cannot_sign_in(ana, passkey):
    Person.objects.filter(pk=ana.pk).update(is_active=False)
    client = browser()

    sign_in(client, passkey.assertion(request_challenge(client)))

    assert not is_signed_in(client)

    Person.objects.filter(pk=ana.pk).update(is_active=True)
    Authenticator.objects.filter(type="webauthn").delete()
    client = browser()

    sign_in(client, passkey.assertion(request_challenge(client)))

    assert not is_signed_in(client)


def test_passkey_of_another_account_cannot_be_renamed_or_removed(ana, eva, passkey):
    row = Authenticator.objects.get(type="webauthn")
    client = browser(eva)

    for action in ("name", "remove"):
        address = f"/accounts/2fa/passkeys/{row.pk}/{action}/"
        assert client.post(address, {"name": "Mine"}, secure=True).status_code == 404

    row.refresh_from_db()
    assert row.data["name"] == "Clé"
