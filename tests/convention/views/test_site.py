"""Site-wide pages: language, accent, errors, sign-in, and e-mails in development."""

import re

import pytest
from django.core import mail
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client
from lxml import html

from convention.mail.stored_mails import list_stored_mails
from tests.factories import make_administrator, make_company, make_event, make_member, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_only_home_page_without_cookie_follows_browser_language(client):
    make_event(slug="x")
    english = {"accept-language": "en-GB,en;q=0.9,fr;q=0.5"}

    answer = client.get("/", headers=english)

    assert answer.status_code == 302
    assert answer["Location"] == "/en/"
    assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))
    assert client.get("/", headers={"accept-language": "de,fr"}).status_code == 200
    assert client.get("/", headers={"accept-language": "en;q=0"}).status_code == 200
    assert client.get("/accounts/login/", headers=english)["Content-Language"] == "fr"


def test_chosen_language_is_remembered(client):
    english = {"accept-language": "en"}
    answer = client.post("/language/", {"language": "fr", "next": "/en/accounts/login/"})

    assert answer["Location"] == "/accounts/login/"
    assert client.get("/", headers=english).status_code == 200

    answer = client.post("/language/", {"language": "en", "next": "/accounts/login/?next=%2Fme%2F"})

    assert answer["Location"] == "/en/accounts/login/?next=%2Fme%2F"
    assert client.get("/", headers={"accept-language": "fr"})["Location"] == "/en/"


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""]
)
def test_language_choice_does_not_redirect_to_other_sites(client, target):
    assert client.post("/language/", {"language": "fr", "next": target})["Location"] == "/"


def test_language_choice_needs_no_csrf_token():
    answer = Client(enforce_csrf_checks=True).post("/language/", {"language": "en", "next": "/"})
    assert answer["Location"] == "/en/"


@pytest.mark.parametrize(
    ("path", "french", "english"),
    [
        ("/", "/", "/en/"),
        ("/events/port/?with=plan", "/events/port/?with=plan", "/en/events/port/?with=plan"),
        ("/en/events/port/", "/events/port/", "/en/events/port/"),
        ("/accounts/login/", "/accounts/login/", "/en/accounts/login/"),
        ("/en/nowhere/", "/en/nowhere/", "/en/nowhere/"),
    ],
)
def test_page_links_to_both_languages(client, settings, path, french, english):
    make_event(slug="port")

    page = html.fromstring(client.get(path).content)

    links = {
        link.get("hreflang"): link.get("href") for link in page.xpath("//link[@rel='alternate'][@hreflang]")
    }
    assert links == {"fr": settings.SITE_URL + french, "en": settings.SITE_URL + english}


def test_home_page_is_small_and_the_same_for_all_anonymous_visitors(client):
    make_event(name="Rencontre", slug="rencontre")
    other = Client(headers={"user-agent": "Firefox", "cookie": "seen=1"}, REMOTE_ADDR="203.0.113.9")

    first, second = client.get("/"), other.get("/")

    assert first.content == second.content
    assert "Rencontre" in first.content.decode()
    assert first.cookies.keys() == set()
    assert len(first.content) < 20_000


def test_home_page_with_events_leads_guests_to_their_registration(client):
    make_event(slug="x")

    assert 'href="/en/orders/link/"' in client.get("/en/").text


def test_home_page_without_events_says_so(client):
    assert "Aucun événement n’est annoncé" in client.get("/").content.decode()


def test_home_page_hides_drafts_and_members_events(client):
    make_event(name="Brouillon", visibility="draft")
    make_event(name="Entre nous", visibility="members")

    page = client.get("/").content.decode()

    assert "Brouillon" not in page
    assert "Entre nous" not in page


def test_home_page_lists_members_events_for_members_only(client):
    make_event(name="Visite du port", slug="port", kind="site_visit", visibility="members")
    make_event(name="Brouillon", visibility="draft")
    ahead = make_event(slug="over", name="Visite passée", visibility="members")
    type(ahead).objects.filter(pk=ahead.pk).update(starts_at="2024-01-01T09:00Z", ends_at="2024-01-01T12:00Z")
    former = make_member()
    former.employments.update(ends_on="2024-12-31")
    vendor = make_member(make_company(role="vendor"))
    for person in (make_person(), former, vendor, make_administrator()):
        client.force_login(person)
        assert "Visite" not in client.get("/").content.decode(), person
    client.force_login(make_member())
    answer = client.get("/")

    page = answer.content.decode()

    assert re.findall(r'href="(/events/[^"]+)">([^<]+)<', page) == [("/events/port/", "Visite du port")]
    assert "Brouillon" not in page
    assert answer["Cache-Control"] == "private, no-store"

    client.logout()

    assert "Visite" not in client.get("/").content.decode()


def test_no_page_has_inline_styles_or_scripts(client):
    make_event(slug="x")
    for address in ("/", "/accounts/login/", "/organize/components/", "/nowhere/"):
        page = client.get(address).content.decode()
        assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page) == []


def test_accent_style_sheet_is_cached_for_a_year(client):
    answer = client.get("/accent/ffee00.css")

    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert "max-age=31536000" in answer["Cache-Control"]
    assert "#ffee00" not in answer.content.decode().split("@media")[0]
    assert client.get("/accent/red.css").status_code == 404


def test_not_found_page_is_in_language_of_address(client):
    french, english = client.get("/nowhere/"), client.get("/en/nowhere/")

    assert french.status_code == 404
    assert english.status_code == 404
    assert "Il n’y a pas de page à cette adresse." in french.content.decode()
    assert "There is no page at this address." in english.content.decode()


def test_domain_error_is_shown_as_page(client):
    answer = client.get("/organize/nothing/settings/")

    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/organize/nothing/settings/"

    client.force_login(make_person())
    answer = client.get("/organize/nothing/settings/")

    assert answer.status_code == 404
    assert "<h1>Événement introuvable. Vérifiez l’adresse.</h1>" in answer.content.decode()


def test_server_error_page_renders_without_context():
    page = render_to_string("500.html")

    assert "Une erreur s’est produite" in page
    assert "Something went wrong" in page


def test_icons_without_label_are_hidden_from_screen_readers():
    shown = Template('{% icon "check" %}{% icon "check" "Fait" %}').render(Context())

    assert shown.count('aria-hidden="true"') == 1
    assert 'role="img" aria-label="Fait"' in shown


@pytest.fixture
def mails_as_files(settings, tmp_path):
    settings.MAIL_DIR = tmp_path
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path)},
        }
    }


@pytest.mark.usefixtures("mails_as_files")
def test_stored_mails_are_shown_with_attachments(client):
    message = mail.EmailMultiAlternatives("Objet — é", "Le texte", "de@example.org", ["a@example.org"])
    message.attach_alternative("<p style='color:red'>Le HTML</p>", "text/html")
    message.attach("badge.pdf", b"%PDF-1", "application/pdf")
    message.send()

    (kept,) = list_stored_mails()

    assert "Objet — é" in client.get("/dev/mail/").content.decode()

    address = f"/dev/mail/{kept.file}/{kept.number}/"
    page = client.get(address).content.decode()

    assert "Le texte" in page
    assert "badge.pdf" in page

    shown = client.get(f"{address}html/")

    assert shown.content.decode().strip() == "<p style='color:red'>Le HTML</p>"
    assert "default-src 'none'" in shown["Content-Security-Policy"]
    assert "sandbox" in shown["Content-Security-Policy"]

    attachment = client.get(f"{address}0/")

    assert attachment.content == b"%PDF-1"
    assert attachment["Content-Type"] == "application/pdf"
    assert attachment["Content-Disposition"] == 'attachment; filename="badge.pdf"'
    assert client.get(f"{address}1/").status_code == 404


@pytest.mark.usefixtures("mails_as_files")
def test_mail_page_says_if_no_mail_was_sent(client):
    assert "Aucun e-mail n’a encore été envoyé" in client.get("/dev/mail/").content.decode()


@pytest.mark.parametrize("address", ["/dev/mail/", "/dev/mail/x.log/0/", "/organize/components/"])
def test_development_pages_are_not_found_in_production(client, settings, address):
    settings.PRODUCTION = True
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["..%2Fsecret_key", "nothing.log", "secret_key"])
def test_mail_page_reads_no_other_files(client, name):
    assert client.get(f"/dev/mail/{name}/0/").status_code == 404


def test_sign_in_by_code(client, mailoutbox):
    make_person(email="zoe@example.org")
    client.post("/accounts/login/code/", {"email": "zoe@example.org"})

    (sent,) = mailoutbox

    assert sent.subject == "Votre code de connexion"
    code = re.search(r"^[A-Z0-9]{3,}-[A-Z0-9]{3,}$", sent.body, re.M)[0]
    assert code in sent.alternatives[0].content

    answer = client.post("/accounts/login/code/confirm/", {"code": code})

    assert answer["Location"] == "/start/"
    assert "Se déconnecter" in client.get("/").content.decode()
