"""Sign-in: rate limits by e-mail address, and one sign-in page."""

import re
from typing import ClassVar

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from lxml import html

from convention.accounts.mails import ACCOUNT_MAIL_TEXTS, write_account_mail
from convention.events.models import EventRole
from convention.mail.messages import send_mail_message
from convention.text.normalize import wrap_mail_lines
from tests.factories import make_account, make_event, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LOGIN = "/en/accounts/login/"
TOO_MANY = "Too many failed attempts. Please try again in five minutes."


@pytest.fixture(autouse=True)
def limits(settings):
    settings.ACCOUNT_RATE_LIMITS = settings.SIGN_IN_LIMITS
    cache.clear()
    yield
    cache.clear()


def test_many_accounts_can_sign_in_from_one_ip_address(client):
    answers = [
        client.post(LOGIN, {"login": f"p{number}@example.org", "password": "wrong"}) for number in range(35)
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert "Too many" not in answers[-1].content.decode()


def test_guessing_password_of_one_account_is_limited(client):
    make_person(email="ana@example.org", password="right and long")
    for _try in range(6):
        answer = client.post(LOGIN, {"login": "ana@example.org", "password": "wrong"})

    assert TOO_MANY in answer.content.decode()


def test_port_in_host_header_does_not_reset_failure_count(client):
    make_person(email="ana@example.org", password="right and long")
    for port in range(6000, 6006):
        answer = client.post(LOGIN, {"login": "Ana@example.org", "password": "wrong"}, HTTP_HOST=f"x:{port}")

    assert TOO_MANY in answer.content.decode()


def test_too_many_attempts_shows_page_with_status_429(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    answers = [client.post(LOGIN, {"login": "p@example.org", "password": "wrong"}) for _try in "12"]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert "Too many attempts" in answers[1].content.decode()


def test_failed_sign_in_shows_same_page_for_known_and_unknown_address(client):
    make_person(email="ana@example.org", password="right and long")
    known, unknown = (
        post_wrong_password(client, address) for address in ("ana@example.org", "eva@example.org")
    )

    assert known == unknown


class CountingPasswordHasher(MD5PasswordHasher):
    """Count how often a password is hashed, which is what takes time."""

    algorithm = "counted"
    times: ClassVar[list[str]] = []

    def encode(self, password, salt):
        self.times.append(salt)
        return super().encode(password, salt)


def test_failed_sign_in_hashes_once_for_known_and_unknown_address(client, settings):
    settings.PASSWORD_HASHERS = ["tests.convention.accounts.test_sign_in.CountingPasswordHasher"]
    make_person(email="ana@example.org", password="right and long")
    for address in ("ana@example.org", "eva@example.org"):
        CountingPasswordHasher.times.clear()
        post_wrong_password(client, address)
        assert len(CountingPasswordHasher.times) == 1, address


def post_wrong_password(client, address):
    answer = client.post(LOGIN, {"login": address, "password": "wrong"})
    return re.sub(r'value="[^"]*"', "", answer.content.decode())


def test_back_office_login_redirects_to_sign_in_page(client):
    answer = client.get("/back-office/login/?next=/back-office/")

    assert answer.status_code == 302
    assert answer["Location"].partition("?")[0] == "/accounts/login/"


@pytest.mark.parametrize("second_factor", ["offered", "required"])
def test_session_lifetime_is_shortened_when_person_gets_a_role(client, settings, second_factor):
    settings.SECOND_FACTOR, settings.SESSION_COOKIE_AGE = second_factor, 14 * 24 * 3600
    person = make_person()
    client.force_login(person)

    client.get("/me/")

    assert client.session.get_expiry_age() == 14 * 24 * 3600

    EventRole.objects.create(event=make_event(slug="x"), person=person, role="desk")
    client.get("/desk/x/")

    assert client.session.get_expiry_age() == 12 * 3600

    with CaptureQueriesContext(connection) as asked:
        client.get("/me/security/")
        client.get("/en/nowhere/")

    assert [query["sql"] for query in asked if "UPDATE" in query["sql"]] == []


def test_unknown_address_gets_email_saying_that_no_account_is_needed(client, mailoutbox):
    answer = client.post("/en/accounts/login/code/", {"email": "eva@example.org"})

    assert answer.status_code == 302
    assert answer["Location"] == "/en/accounts/login/code/confirm/"

    [message] = mailoutbox

    assert message.subject == "No account has this e-mail address"
    assert "You do not need an account for your registration" in message.body
    assert "/en/orders/link/" in message.body
    assert "signup" not in message.body


def test_sign_in_page_leads_guests_to_their_registration(client):
    assert 'href="/en/orders/link/"' in client.get("/en/accounts/login/").text


def test_page_for_code_leads_guests_to_their_registration(client):
    answer = client.post("/en/accounts/login/code/", {"email": "eva@example.org"}, follow=True)

    assert 'href="/en/orders/link/"' in answer.text


def test_another_address_for_the_code_is_entered_in_the_form_for_codes(client):
    page = client.post("/en/accounts/login/code/", {"email": "eva@example.org"}, follow=True)
    [form] = [form for form in html.fromstring(page.content).forms if form.get("id") == "leave"]

    answer = client.post(form.action, dict(form.form_values()), follow=True)

    assert answer.redirect_chain[-1][0] == "/en/accounts/login/code/"


@pytest.mark.parametrize(
    ("form", "link"),
    [("password/reset/", "password/reset/key/"), ("email/", "confirm-email/")],
)
def test_mailed_links_use_site_url_instead_of_request_host(client, mailoutbox, settings, form, link):
    settings.SITE_URL = "https://club.example"
    client.force_login(make_account(email="ana@example.org"))
    values = {"email": "ana@example.org" if "reset" in form else "new@example.org", "action_add": ""}
    client.post(f"/en/accounts/{form}", values, HTTP_HOST="testserver:666")

    [message] = mailoutbox

    assert f"https://club.example/en/accounts/{link}" in message.body
    assert "testserver" not in message.body


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("occasion", sorted(ACCOUNT_MAIL_TEXTS))
def test_account_email_is_complete_in_text_and_html(mailoutbox, occasion, language):
    names = ("from_email", "to_email", "deleted_email", "addresses", "removed")
    values = {name: f"{name}@example.org" for name in names}
    link = {"password_reset_url": "https://club.example/key/"} if occasion == "password_reset_key" else {}
    context = {**values, **link, "code": "12345" if occasion == "login_code" else ""}
    send_mail_message(write_account_mail(f"account/email/{occasion}", "ana@example.org", context, language))

    [sent] = mailoutbox

    [(html, _kind)] = sent.alternatives
    for part in (sent.subject, sent.body, html):
        assert "%(" not in part
    for text in (sent.subject, sent.body):
        assert "&#" not in text
    assert "&amp;#" not in html

    expected = [*link.values(), *filter(None, [context["code"]])]

    assert [text for text in expected if text not in sent.body or text not in html] == []
    assert f'<html lang="{language}"' in html

    with translation.override(language):
        assert sent.subject == str(ACCOUNT_MAIL_TEXTS[occasion].subject)
        assert wrap_mail_lines(str(ACCOUNT_MAIL_TEXTS[occasion].closing)).strip() in sent.body


def test_account_email_subject_is_translated(mailoutbox):
    subjects = [
        write_account_mail("webauthn_added", "a@example.org", {}, language).subject
        for language in ("fr", "en")
    ]
    assert subjects == ["Clé d’accès ajoutée", "Passkey added"]
