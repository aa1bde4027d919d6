"""Sessions and API tokens end when the second factor or the password behind them changes."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.utils import timezone

from convention.api.models import ApiToken
from convention.api.tokens import create_token, revoke_token
from convention.audit.models import AuditEntry
from convention.events.models import EventRole
from tests.authenticator import app_code
from tests.factories import make_account, make_event

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PASSWORD = "a long password"
NEW_PASSWORD = {"password1": "an even longer one", "password2": "an even longer one"}
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
REVOKED = "Votre jeton d’API a été révoqué lui aussi"


@pytest.fixture
def organizer():
    person = make_account(email="ana@example.org", password=PASSWORD)
    EventRole.objects.create(event=make_event(slug="summit"), person=person, role="organizer")
    return person


def sign_in(client, person, code=""):
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    if code:
        client.post("/accounts/2fa/authenticate/", {"code": code})


def can_open_staff_page(client) -> bool:
    """Return whether the club's own pages are open."""
    return client.get("/organize/summit/").status_code == 200


def add_app(client) -> None:
    """Set up an authenticator app on the pages."""
    client.get("/accounts/2fa/app/add/")
    client.post("/accounts/2fa/app/add/", {"code": app_code(client.session["mfa.totp.secret"])})


def make_token(person, **fields) -> str:
    row, token = create_token(person_id=person.pk, name="x", scopes=[ApiToken.Scope.REGISTRATIONS_READ])
    ApiToken.objects.filter(pk=row.pk).update(**fields)
    return token


def is_token_accepted(token: str) -> bool:
    headers = {"authorization": f"Bearer {token}"}
    return Client(headers=headers).get("/api/v1/events/summit/registrations/").status_code == 200


# --- factors ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_session_that_added_second_factor_is_asked_again_after_removal(client, organizer, settings):
    settings.SECOND_FACTOR = "required"
    sign_in(client, organizer)

    assert not can_open_staff_page(client)

    add_app(client)

    assert can_open_staff_page(client)

    client.post("/accounts/2fa/app/remove/")

    assert not Authenticator.objects.exists()
    assert not can_open_staff_page(client)
    assert client.get("/me/security/").context["needs_second_factor"]

    add_app(client)

    assert can_open_staff_page(client)


def test_session_verified_by_app_needs_second_factor_again_after_removal(client, organizer, settings):
    settings.SECOND_FACTOR = "required"
    RecoveryCodes.activate(organizer)
    TOTP.activate(organizer, SECRET)

    sign_in(client, organizer, app_code(SECRET))

    assert can_open_staff_page(client)

    client.post("/accounts/2fa/app/remove/")

    assert not can_open_staff_page(client)


def test_session_stays_verified_by_remaining_second_factor(client, organizer, settings):
    settings.SECOND_FACTOR = "required"
    app = TOTP.activate(organizer, SECRET).instance
    data = {"name": "Clé", "credential": {}}
    passkey = Authenticator.objects.create(user=organizer, type="webauthn", data=data)
    sign_in(client, organizer, app_code(SECRET))

    client.post(f"/accounts/2fa/passkeys/{passkey.pk}/remove/")

    assert list(Authenticator.objects.values_list("pk", flat=True)) == [app.pk]
    assert can_open_staff_page(client)


def test_removing_second_factor_ends_other_sessions_and_sends_email(client, organizer, mailoutbox):
    TOTP.activate(organizer, SECRET)
    phone = Client()

    for one, at in ((phone, -30), (client, 0)):
        sign_in(one, organizer, app_code(SECRET, timezone.now().timestamp() + at))

    assert [one.get("/me/security/").status_code for one in (phone, client)] == [200, 200]

    client.post("/accounts/2fa/app/remove/")

    assert [one.get("/me/security/").status_code for one in (phone, client)] == [302, 200]
    assert "toutes les autres connexions sont fermées" in " ".join(mailoutbox[-1].body.split())


# --- passwords -------------------------------------------------------------------------------------------


def test_password_change_revokes_tokens_and_reports_it_by_email_and_on_page(client, organizer, mailoutbox):
    token, phone = make_token(organizer), Client()
    for one in (client, phone):
        sign_in(one, organizer)

    assert is_token_accepted(token)

    answer = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **NEW_PASSWORD}, follow=True)

    assert REVOKED in answer.text
    assert not is_token_accepted(token)
    assert [one.get("/me/security/").status_code for one in (client, phone)] == [200, 302]
    assert "jetons d’API ont été révoqués" in " ".join(mailoutbox[-1].body.split())
    assert AuditEntry.objects.filter(verb="api_token.revoke").count() == 1
    assert "révoqué ou expiré" in client.get("/me/tokens/").text


def test_password_reset_revokes_tokens_and_reports_it(client, organizer, mailoutbox):
    tokens, phone = [make_token(organizer) for _each in range(2)], Client()
    sign_in(phone, organizer)
    client.post("/accounts/password/reset/", {"email": organizer.email})
    [link] = re.findall(r"http://\S+(/accounts/password/reset/key/\S+)", mailoutbox[-1].body)
    page = client.get(link, follow=True)

    answer = client.post(page.redirect_chain[-1][0], NEW_PASSWORD, follow=True)

    assert "Vos 2 jetons d’API ont été révoqués" in answer.text
    assert [token for token in tokens if is_token_accepted(token)] == []
    assert phone.get("/me/security/").status_code == 302
    assert "jetons d’API ont été révoqués" in " ".join(mailoutbox[-1].body.split())


def test_setting_first_password_revokes_tokens(client, organizer):
    organizer.set_unusable_password()
    organizer.save()
    token = make_token(organizer)
    client.force_login(organizer)

    client.post("/accounts/password/set/", NEW_PASSWORD)

    assert not is_token_accepted(token)


def test_password_change_mentions_no_tokens_if_none_is_valid(client, organizer, mailoutbox):
    make_token(organizer, expires_at=timezone.now())
    row, _token = create_token(person_id=organizer.pk, name="y", scopes=[ApiToken.Scope.EVENTS_READ])
    revoke_token(person_id=organizer.pk, token_id=row.pk)
    make_token(make_account(email="zoe@example.org"))
    sign_in(client, organizer)

    answer = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **NEW_PASSWORD}, follow=True)

    assert "jeton" not in answer.text.partition("<main")[2].partition("API")[0].lower()
    assert "jeton" not in mailoutbox[-1].body
    assert ApiToken.objects.filter(revoked_at=None, person__email="zoe@example.org").count() == 1


@pytest.mark.django_db(transaction=True)
def test_account_changes_work_and_login_code_fails_without_mail_server(client, organizer, command, settings):
    nobody_listens = {"host": "127.0.0.1", "port": 1, "timeout": 2}
    smtp = {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": nobody_listens}
    settings.MAILERS = {"default": smtp}
    sign_in(client, organizer)

    changed = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **NEW_PASSWORD})
    Authenticator.objects.create(user=organizer, type="totp", data={"secret": SECRET})
    reset = command("reset_second_factor", organizer.email)
    asked = Client().post("/accounts/login/code/", {"email": organizer.email})

    assert changed.status_code == 302
    assert reset.returncode == 0
    assert asked.status_code == 503
    organizer.refresh_from_db()
    assert organizer.check_password(NEW_PASSWORD["password1"])
    assert not Authenticator.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_changepassword_command_ends_sessions_and_tokens(organizer, command, monkeypatch, mailoutbox):
    token, phone = make_token(organizer), Client()
    sign_in(phone, organizer)
    monkeypatch.setattr("getpass.getpass", lambda *_args, **_kwargs: "an even longer one")  # what is typed

    done = command("changepassword", organizer.email)

    assert done.returncode == 0
    assert done.stderr == "Toutes les connexions sont fermées\u202f; jetons d’API révoqués\u202f: 1.\n"
    organizer.refresh_from_db()
    assert organizer.check_password("an even longer one")
    assert not is_token_accepted(token)
    assert phone.get("/me/security/").status_code == 302
    assert [mail.subject for mail in mailoutbox] == ["Votre mot de passe a changé"]
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert verbs >= {"password.change", "session.end", "api_token.revoke"}
