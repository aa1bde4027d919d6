"""The second factor: required for staff, single-use codes, encrypted secrets, and reset when lost."""

import datetime

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from convention.accounts.adapters import SecondFactorAdapter
from convention.accounts.permissions import is_club_staff
from convention.accounts.second_factors import use_app_code
from convention.accounts.sessions import describe_browser
from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from convention.club.models import ClubRole
from convention.events.models import EventRole
from tests.authenticator import app_code
from tests.factories import make_account, make_event

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PASSWORD = "a long password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = 1_900_000_000


@pytest.fixture(autouse=True)
def second_factor_required(settings):
    settings.SECOND_FACTOR = "required"


@pytest.fixture
def ana():
    return make_account(email="ana@example.org", password=PASSWORD)


@pytest.fixture
def organizer(ana):
    EventRole.objects.create(event=make_event(slug="summit"), person=ana, role="organizer")
    return ana


def add_app(person):
    RecoveryCodes.activate(person)
    return TOTP.activate(person, SECRET).instance


def sign_in(client, person, then="/"):
    credentials = {"login": person.email, "password": PASSWORD, "next": then}
    return client.post("/accounts/login/", credentials)


def show(client, code):
    return client.post("/accounts/2fa/authenticate/", {"code": code})


def is_signed_in(client):
    return client.get("/me/security/").status_code == 200


def test_sign_in_needs_no_second_factor_if_none_is_set_up(client, ana):
    sign_in(client, ana)

    assert is_signed_in(client)
    assert client.get("/me/").status_code == 200


@pytest.mark.parametrize("how", ["password", "mailed code"])
def test_second_factor_is_required_after_password_and_mailed_code(client, ana, mailoutbox, how):
    add_app(ana)
    if how == "password":
        answer = sign_in(client, ana)
    else:
        client.post("/accounts/login/code/", {"email": ana.email})
        code = mailoutbox[0].body.split("\n\n")[3]
        answer = client.post("/accounts/login/code/confirm/", {"code": code})

    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)

    show(client, app_code(SECRET))

    assert is_signed_in(client)


def test_app_code_works_once_and_older_codes_are_refused(ana, monkeypatch):
    app = add_app(ana)
    monkeypatch.setattr("time.time", lambda: NOW)

    assert use_app_code(app, app_code(SECRET, NOW)) is True

    cache.clear()  # as in another process, which has another cache

    assert use_app_code(app, app_code(SECRET, NOW)) is False
    assert use_app_code(app, app_code(SECRET, NOW - 30)) is False
    assert use_app_code(app, app_code(SECRET, NOW + 30)) is True
    assert use_app_code(app, app_code(SECRET, NOW + 300)) is False


def test_recovery_code_works_once(client, ana):
    add_app(ana)
    code = ana.authenticator_set.get(type="recovery_codes").wrap().generate_codes()[0]
    sign_in(client, ana)

    show(client, code)

    assert is_signed_in(client)

    client.post("/accounts/logout/")
    sign_in(client, ana)

    assert "Code incorrect." in show(client, code).content.decode()
    assert not is_signed_in(client)


def test_guessing_codes_is_limited_for_account_across_ip_addresses(client, ana, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.SIGN_IN_LIMITS
    add_app(ana)
    sign_in(client, ana)

    for number in range(6):
        answer = client.post(
            "/accounts/2fa/authenticate/", {"code": "12345"}, REMOTE_ADDR=f"203.0.113.{number}"
        )

    assert "Trop de tentatives infructueuses." in answer.content.decode()
    assert "Trop de tentatives infructueuses." in show(client, app_code(SECRET)).content.decode()


FORGED = """{"id": "AA", "rawId": "AA", "type": "public-key", "response": {
    "clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA", "userHandle": "MQ"}}"""
MALFORMED_CREDENTIALS = [
    "",
    "x",
    "5",
    "[]",
    "{}",
    '{"id": 1}',
    "null",
    '{"response": {"userHandle": "MQ"}}',
    FORGED,
]


@pytest.mark.parametrize("credential", MALFORMED_CREDENTIALS)
@pytest.mark.parametrize("address", ["/accounts/2fa/passkeys/login/", "/accounts/2fa/passkeys/add/"])
def test_malformed_passkey_response_is_refused_without_server_error(client, ana, address, credential):
    if "add" in address:
        sign_in(client, ana)
    else:
        client.get(address, headers={"accept": "application/json"})
    answer = client.post(address, {"credential": credential, "name": "x"}, follow=True)

    assert answer.status_code == 200
    assert Authenticator.objects.count() == 0
    assert ("login" in address) != is_signed_in(client)


ANONYMOUS_REDIRECTS = {
    "": "/me/security/", "passkeys/": "/me/security/", "authenticate/": "/accounts/login/",
    "reauthenticate/": "/accounts/login/", "app/add/": "/accounts/login/", "app/remove/": "/accounts/login/",
    "codes/": "/accounts/login/", "codes/renew/": "/accounts/login/", "passkeys/login/": "/accounts/login/",
    "passkeys/add/": "/accounts/login/", "passkeys/show/": "/accounts/login/",
    "passkeys/KEY/name/": "/accounts/login/", "passkeys/KEY/remove/": "/accounts/login/",
}  # fmt: skip


@pytest.mark.parametrize("address", ANONYMOUS_REDIRECTS)
def test_second_factor_pages_are_closed_to_anonymous_and_other_users(client, ana, address):
    """Neither anonymous nor other users get in."""
    app = add_app(ana)

    wanted = f"/accounts/2fa/{address.replace('KEY', str(app.pk))}"
    for method in (client.get, client.post):
        assert method(wanted)["Location"].partition("?")[0] == ANONYMOUS_REDIRECTS[address]

    eva = make_account(email="eva@example.org", password=PASSWORD)
    sign_in(client, eva)
    if "KEY" in address:
        assert client.post(wanted).status_code == 404

    client.post(wanted)

    assert ana.authenticator_set.count() == 2


# --- club staff -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [role.value for role in ClubRole.Role])
def test_person_with_current_club_role_is_club_staff(ana, role):
    today = timezone.localdate()
    held = ClubRole.objects.create(person=ana, role=role, starts_on=today)

    assert is_club_staff(ana) is True

    held.starts_on, held.ends_on = today - datetime.timedelta(9), today - datetime.timedelta(2)
    held.save()

    assert is_club_staff(ana) is False


@pytest.mark.parametrize("role", [role.value for role in EventRole.Role])
def test_person_with_event_role_is_club_staff(ana, role):
    assert is_club_staff(ana) is False

    EventRole.objects.create(event=make_event(), person=ana, role=role)

    assert is_club_staff(ana) is True


@pytest.mark.parametrize("field", ["is_staff", "is_superuser"])
def test_back_office_user_is_club_staff(ana, field):
    setattr(ana, field, True)
    ana.save()

    assert is_club_staff(ana) is True


STAFF_PAGES = """
/organize/ /organize/summit/ /desk/ /desk/summit/ /back-office/ /back-office/login/ /me/tokens/ /me/
/en/organize/summit/people/ /events/summit/ /
""".split()


@pytest.mark.parametrize("wanted", STAFF_PAGES)
def test_staff_without_second_factor_are_redirected_to_set_one_up(client, organizer, wanted):
    sign_in(client, organizer)
    answer = client.get(wanted)

    assert answer.status_code == 302
    assert answer["Location"] == ("/en" if wanted.startswith("/en/") else "") + "/me/security/"
    assert "Second facteur nécessaire" in client.get("/me/security/").content.decode()


@pytest.mark.parametrize("wanted", STAFF_PAGES)
def test_staff_session_without_verified_second_factor_is_asked_for_it(client, organizer, wanted):
    sign_in(client, organizer)
    add_app(organizer)  # in another browser

    answer = client.get(wanted)

    assert answer["Location"].partition("?")[0].endswith("/accounts/2fa/reauthenticate/")


def test_post_without_second_factor_is_redirected_and_changes_nothing(client, organizer):
    sign_in(client, organizer)
    answer = client.post("/organize/summit/people/", {"email": "eva@example.org", "role": "desk"})

    assert answer["Location"] == "/me/security/"
    assert EventRole.objects.count() == 1


def test_staff_page_opens_after_second_factor(client, organizer):
    add_app(organizer)
    sign_in(client, organizer, then="/organize/summit/")

    assert show(client, app_code(SECRET))["Location"] == "/organize/summit/"
    assert client.get("/organize/summit/").status_code == 200


def test_second_factor_is_optional_if_only_offered(client, organizer, settings):
    settings.SECOND_FACTOR = "offered"
    sign_in(client, organizer)

    assert client.get("/organize/summit/").status_code == 200


def test_api_token_needs_no_second_factor(client, organizer):
    _row, token = create_token(person_id=organizer.pk, name="script", scopes=["registrations:read"])
    answer = client.get("/api/v1/events/summit/registrations/", headers={"authorization": f"Bearer {token}"})

    assert answer.status_code == 200


# --- sensitive changes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["2fa/app/add/", "2fa/passkeys/add/", "2fa/codes/renew/", "email/"])
def test_sensitive_change_needs_recent_authentication(client, ana, settings, change):
    sign_in(client, ana)

    assert client.get(f"/accounts/{change}").status_code == 200

    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    answer = client.post(f"/accounts/{change}", {"action_add": "", "email": "new@example.org"})

    assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_removing_second_factor_needs_second_factor_again(client, ana, settings):
    add_app(ana)
    sign_in(client, ana)

    show(client, app_code(SECRET))

    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    assert client.get("/accounts/2fa/app/remove/")["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert client.get("/accounts/reauthenticate/")["Location"] == "/accounts/2fa/reauthenticate/"


def test_creating_token_needs_recent_authentication(client, ana, settings):
    sign_in(client, ana)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0

    answer = client.post("/me/tokens/", {"name": "x", "scopes": ["events:read"], "lifetime": "30"})

    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert ana.api_tokens.count() == 0


def test_adding_and_removing_second_factor_is_audited_and_sends_emails(
    client, ana, mailoutbox, django_capture_on_commit_callbacks
):
    sign_in(client, ana)
    client.get("/accounts/2fa/app/add/")
    secret = client.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/app/add/", {"code": app_code(secret)})

    client.post("/accounts/2fa/app/remove/")

    trail = list(AuditEntry.objects.order_by("pk").values_list("verb", "subject", "fields"))
    subject = f"club.person:{ana.pk}"
    assert sorted(trail[:2]) == [
        ("second_factor.add", subject, [kind]) for kind in ("recovery_codes", "totp")
    ]
    assert ("second_factor.remove", subject, ["totp"]) in trail[2:]
    assert [message.subject for message in mailoutbox] == [
        "Application d’authentification ajoutée", "Application d’authentification retirée"]  # fmt: skip


def test_app_secret_is_encrypted_and_useless_without_its_key(ana, settings):
    app = add_app(ana)

    assert SECRET not in str(app.data)

    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"

    assert SecondFactorAdapter().decrypt(app.data["secret"]) == SECRET

    settings.SECRET_KEY_FALLBACKS = []

    assert use_app_code(app, app_code(SECRET)) is False


# --- sessions and passwords -----------------------------------------------------------------------------


def test_sign_in_changes_session_key_and_limits_staff_session(client, organizer, settings):
    client.get("/accounts/login/")
    before = client.session.session_key

    sign_in(client, organizer)

    assert client.session.session_key != before
    assert client.session.get_expiry_age() == settings.STAFF_SESSION_HOURS * 3600


def test_other_sessions_are_listed_and_can_be_ended(client, ana):
    phone = type(client)(headers={"user-agent": "Mozilla/5.0 (Android 15) Firefox/140.0"})
    sign_in(client, ana)
    sign_in(phone, ana)

    page = client.get("/me/security/")

    assert [session["browser"] for session in page.context["sessions"]] == [
        "Firefox, Android",
        "Navigateur inconnu",
    ]

    client.post(f"/me/security/sessions/{page.context['sessions'][0]['row'].pk}/end/")

    assert not is_signed_in(phone)
    assert is_signed_in(client)

    sign_in(phone, ana)
    client.post("/me/security/sessions/end/")

    assert not is_signed_in(phone)
    assert is_signed_in(client)


def test_password_change_ends_other_sessions(client, ana):
    phone = type(client)()
    sign_in(client, ana)
    sign_in(phone, ana)
    passwords = {
        "oldpassword": PASSWORD,
        "password1": "an even longer one",
        "password2": "an even longer one",
    }

    client.post("/accounts/password/change/", passwords)

    assert not is_signed_in(phone)
    assert is_signed_in(client)
    assert AuditEntry.objects.filter(verb="password.change").count() == 1


def test_adding_second_factor_ends_other_sessions(client, ana, django_capture_on_commit_callbacks):
    phone = type(client)()
    sign_in(client, ana)
    sign_in(phone, ana)
    client.get("/accounts/2fa/app/add/")

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/app/add/", {"code": app_code(client.session["mfa.totp.secret"])})

    assert not is_signed_in(phone)
    assert is_signed_in(client)


def test_security_page_query_count_does_not_grow_with_sessions(client, ana):
    sign_in(client, ana)
    counts = []

    for _more in range(2):
        with CaptureQueriesContext(connection) as found:
            client.get("/me/security/")
        counts.append(len(found))
        for _session in range(3):
            sign_in(type(client)(), ana)

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) Version/18.5 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "Chrome, Linux"),
        ("<script>", "Navigateur inconnu"),
    ],
)  # fmt: skip
def test_describe_browser_names_browser_and_system(user_agent, said):
    assert describe_browser(user_agent) == said


# --- a lost factor --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_reset_second_factor_command_removes_factors_and_is_audited(ana, command):
    add_app(ana)
    done = command("reset_second_factor", "ANA@example.org", "--reason", "phone stolen")

    assert done.returncode == 0
    assert done.stdout.startswith("ana@example.org")
    assert Authenticator.objects.count() == 0
    [entry] = AuditEntry.objects.filter(verb="second_factor.reset")
    assert entry.subject == f"club.person:{ana.pk}"
    assert entry.reason == "phone stolen"
    assert entry.channel == "command"


@pytest.mark.django_db(transaction=True)
def test_reset_second_factor_command_explains_refusal(ana, command):
    for email, sentence in [("eva@example.org", "eva"), (ana.email, "ana")]:
        done = command("reset_second_factor", email)
        assert done.returncode == 2
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
