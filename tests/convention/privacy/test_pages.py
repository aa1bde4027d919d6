"""Privacy pages: one's own data, requests, retention and consent texts, in both languages."""

import datetime
import io
import zipfile

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole
from convention.privacy.models import (
    Consent,
    PrivacyCase,
    Purpose,
    PurposeText,
    RetentionPeriod,
    RetentionRun,
)
from tests.convention.privacy.person_fixtures import ADDRESS, LAST, START_OF_2020, make_person_with_data
from tests.factories import make_administrator, make_event, make_person, make_registration, make_ticket
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def get_page_text(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def secretary():
    person = make_person(email="secretariat@club.example")
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return person


def test_privacy_page_lists_tables_and_changes_nothing():
    person = make_person_with_data()
    before = AuditEntry.objects.count()

    page = get_page_text(make_client(person).get("/en/me/privacy/"))

    for title in ("Registrations", "Invoices", "Consents", "Scans", "Applications"):
        assert f'<th scope="row">{title}</th>' in page
    assert AuditEntry.objects.count() == before
    assert Consent.objects.get().withdrawn_at is None


def test_own_data_file_is_downloaded_by_post_and_not_cached():
    client = make_client(make_person_with_data())

    assert client.get("/me/privacy/file/").status_code == 405

    answer = client.post("/me/privacy/file/")

    assert answer["Cache-Control"] == "private, no-store"

    archive = zipfile.ZipFile(io.BytesIO(answer.content))

    assert "lisez-moi.txt" in archive.namelist()
    assert LAST in archive.read("data.json").decode()

    other = make_client(make_person()).post("/me/privacy/file/")

    assert LAST not in zipfile.ZipFile(io.BytesIO(other.content)).read("data.json").decode()
    assert Client().post("/me/privacy/file/").status_code == 302


def test_consent_is_withdrawn_and_given_with_one_request_each():
    person = make_person_with_data()
    client = make_client(person)

    page = client.post("/en/me/privacy/disagree/purpose-photos/", follow=True)

    assert "Your consent has been withdrawn." in get_page_text(page)
    person.refresh_from_db()
    assert not person.photo_consent
    assert Consent.objects.get().withdrawn_at is not None

    client.post("/en/me/privacy/agree/purpose-photos/")

    person.refresh_from_db()
    assert person.photo_consent
    assert Consent.objects.filter(withdrawn_at=None).count() == 1
    assert client.post("/me/privacy/agree/purpose-nothing/").status_code == 404


def test_news_are_unsubscribed_and_subscribed_again_on_privacy_page():
    client = make_client(make_person())

    assert "consent withdrawn" not in get_page_text(client.get("/en/me/privacy/"))

    client.post("/en/me/privacy/disagree/news/")

    assert "consent withdrawn" in get_page_text(client.get("/en/me/privacy/"))

    client.post("/en/me/privacy/agree/news/")

    assert "consent withdrawn" not in get_page_text(client.get("/en/me/privacy/"))


def test_erasure_request_is_submitted_executed_and_confirmed_by_email(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    person = make_person_with_data()
    client, desk = make_client(person), make_client(secretary)

    assert "Cochez la case pour confirmer." in get_page_text(client.post("/me/privacy/forget/", {}))

    with django_capture_on_commit_callbacks(execute=True):
        page = get_page_text(client.post("/me/privacy/forget/", {"is_sure": "on"}, follow=True))
        client.post("/me/privacy/forget/", {"is_sure": "on"})

    assert "Vous avez demandé l’effacement de vos données" in page

    case = PrivacyCase.objects.get(kind="erasure")
    listed = get_page_text(desk.get("/organize/privacy/"))

    assert f'<a href="/organize/privacy/{case.pk}/">{person}</a>' in listed

    page = get_page_text(desk.post(f"/organize/privacy/{case.pk}/erase/", {}))

    assert "Cochez la case pour confirmer." in page

    with django_capture_on_commit_callbacks(execute=True):
        page = get_page_text(desk.post(f"/organize/privacy/{case.pk}/erase/", {"is_sure": "on"}, follow=True))

    assert "Actions effectuées" in page
    assert ADDRESS not in page
    assert [mail.subject for mail in mailoutbox] == [
        "Votre demande concernant vos données", "Vos données ont été effacées",
    ]  # fmt: skip
    assert client.get("/me/privacy/").status_code == 302


def test_blocked_erasure_shows_reason_and_erases_nothing(secretary):
    person = make_person()
    place = make_registration(make_ticket(make_event(contact_email="pin@club.example")), person=person)
    case = PrivacyCase.objects.create(kind="erasure", person=person, email=person.email)
    desk = make_client(secretary)
    case_page = get_page_text(desk.get(f"/en/organize/privacy/{case.pk}/"))

    boss_page = get_page_text(make_client(make_administrator()).get(f"/en/organize/privacy/{case.pk}/"))

    registration_path = f'href="/en/organize/{place.event.slug}/registrations/{place.reference}/#cancel"'
    title = place.event.title
    assert f"booked at “{title}”. Only its organizers can cancel it." in case_page
    assert "Cancel it or transfer it first" not in case_page
    assert registration_path not in case_page
    assert registration_path in boss_page

    page = get_page_text(desk.post(f"/en/organize/privacy/{case.pk}/erase/", {"is_sure": "on"}, follow=True))

    assert f"There is still a place booked at “{place.event.title}”" in page
    person.refresh_from_db()
    assert person.is_active


def test_erasure_request_can_be_withdrawn():
    client = make_client(make_person())
    client.post("/en/me/privacy/forget/", {"is_sure": "on"})

    page = get_page_text(client.post("/en/me/privacy/stay/", follow=True))

    assert "Your request has been withdrawn. Nothing changes." in page
    assert PrivacyCase.objects.get().answer == "taken_back"


def test_request_by_letter_is_recorded_and_refused_with_a_reason(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    desk = make_client(secretary)
    fields = {"email": "Gast@example.org", "kind": "erasure", "language": "en"}

    with django_capture_on_commit_callbacks(execute=True):
        page = get_page_text(desk.post("/en/organize/privacy/new/", fields, follow=True))
        desk.post("/en/organize/privacy/new/", {**fields, "email": "gast@example.org"})

    case = PrivacyCase.objects.get()
    assert "No data is stored under this address." in page
    assert "This field is required." in get_page_text(
        desk.post(f"/en/organize/privacy/{case.pk}/refuse/", {})
    )

    with django_capture_on_commit_callbacks(execute=True):
        desk.post(f"/en/organize/privacy/{case.pk}/refuse/", {"reason": "Nobody known."})

    assert [mail.to for mail in mailoutbox] == [["Gast@example.org"]] * 2
    assert "Nobody known." in mailoutbox[1].body

    again = desk.post(f"/en/organize/privacy/{case.pk}/refuse/", {"reason": "Again."})

    assert again.status_code == 409


@pytest.mark.parametrize("is_known", [True, False])
def test_request_that_is_recorded_twice_opens_the_first_one(
    secretary, is_known, mailoutbox, django_capture_on_commit_callbacks
):
    email = make_person().email if is_known else "gast@example.org"
    fields = {"email": email, "kind": "access", "language": "en"}
    desk = make_client(secretary)
    with django_capture_on_commit_callbacks(execute=True):
        desk.post("/en/organize/privacy/new/", fields)
        # Followed, so that the messages of these two are shown before the third.
        desk.post("/en/organize/privacy/new/", {**fields, "kind": "erasure"}, follow=True)
    first = PrivacyCase.objects.get(kind="access")
    mailoutbox.clear()

    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post("/en/organize/privacy/new/", {**fields, "email": f" {email.upper()}"}, follow=True)

    page = get_page_text(answer)
    assert answer.redirect_chain == [(f"/en/organize/privacy/{first.pk}/", 302)]
    assert "This request has already been recorded. No further e-mail has been sent." in page
    assert "the person has been informed" not in page
    assert mailoutbox == []
    assert PrivacyCase.objects.count() == 2
    assert AuditEntry.objects.filter(verb="privacy_request.record").count() == 2


def test_access_request_is_answered_with_file(secretary):
    case = PrivacyCase.objects.create(kind="access", email=make_person().email)
    desk = make_client(secretary)

    assert desk.post(f"/organize/privacy/{case.pk}/file/")["Content-Type"] == "application/zip"

    desk.post(f"/organize/privacy/{case.pk}/answered/", {"answer": "given"})

    case.refresh_from_db()
    assert case.answer == "given"
    assert case.answered_by == secretary


def test_overdue_request_is_marked_late(secretary):
    long_ago = timezone.now() - timezone.timedelta(days=40)
    PrivacyCase.objects.create(kind="access", email="gast@example.org", requested_at=long_ago)

    assert "<strong>late</strong>" in get_page_text(make_client(secretary).get("/en/organize/privacy/"))


@pytest.mark.parametrize(
    ("today", "label"),
    [
        ("2027-04-06", "4 days left"),
        ("2027-04-09", "1 day left"),
        ("2027-04-10", "last day"),
        ("2027-04-02", ""),
    ],
)
def test_request_that_is_due_within_a_week_is_highlighted(secretary, today, label, monkeypatch):
    requested_at = datetime.datetime(2027, 3, 10, 12, tzinfo=datetime.UTC)
    PrivacyCase.objects.create(kind="access", email="gast@example.org", requested_at=requested_at)
    now = datetime.datetime.fromisoformat(f"{today}T12:00:00+00:00")
    monkeypatch.setattr(timezone, "now", lambda: now)

    page = html.fromstring(make_client(secretary).get("/en/organize/privacy/").content)

    assert page.xpath("string(//table//span[@class='tag accent'])") == label


def test_administrator_finds_privacy_requests_on_the_organizers_home():
    for days in (25, 40):
        requested_at = timezone.now() - timezone.timedelta(days=days)
        PrivacyCase.objects.create(kind="access", email=f"gast{days}@example.org", requested_at=requested_at)

    page = html.fromstring(make_client(make_administrator()).get("/en/organize/").content)
    links = page.xpath("//div[@class='page-head']//a[@href='/en/organize/privacy/']")
    items = [item for item in page.xpath("//ul[@class='attention']/li") if "privacy" in item.text_content()]

    assert len(links) == 1
    assert "1 privacy request is late: answer it now." in items[0].text_content()
    assert "1 privacy request has to be answered within a week." in items[1].text_content()
    assert items[0].xpath(".//a/@href") == ["/en/organize/privacy/"]


@pytest.mark.parametrize(("role", "is_shown"), [("secretary", True), ("organizer", False)])
def test_season_page_names_late_privacy_requests_to_those_who_answer_them(role, is_shown):
    planner = make_person()
    ClubRole.objects.create(person=planner, role=role, starts_on=START_OF_2020)
    requested_at = timezone.now() - timezone.timedelta(days=40)
    PrivacyCase.objects.create(kind="access", email="gast@example.org", requested_at=requested_at)

    page = make_client(planner).get("/en/organize/season/").text

    assert ("1 privacy request is late: answer it now." in page) == is_shown


def test_record_of_an_erasure_names_its_tables_in_words(secretary):
    case = PrivacyCase.objects.create(
        kind="erasure",
        answer="erased",
        answered_at=timezone.now(),
        counts={"club.person": {"blanked": 1}, "removed.table": {"deleted": 2}},
    )

    page = html.fromstring(make_client(secretary).get(f"/en/organize/privacy/{case.pk}/").content)

    assert page.xpath("//section/table/tbody/tr/th/text()") == ["Directory entries", "Removed.table"]


def test_date_of_an_answer_has_the_french_space_before_its_colon(secretary):
    case = PrivacyCase.objects.create(kind="access", answer="given", answered_at=timezone.now())

    page = make_client(secretary).get(f"/organize/privacy/{case.pk}/").text

    assert f"{timezone.localdate().year}\u202f: " in page


def test_retention_tables_name_the_identities_of_visitors(secretary):
    own_page = get_page_text(make_client(make_person()).get("/en/me/privacy/"))
    desk_page = get_page_text(make_client(secretary).get("/en/organize/privacy/retention/"))

    assert "<dt>Visitors’ identity details and visitor lists</dt><dd>7 days after the visit" in own_page
    assert "Visitors’ identity details and visitor lists" in desk_page


def test_administrator_sets_retention_days_and_runs_retention():
    client = make_client(make_administrator())
    page = get_page_text(client.post("/en/organize/privacy/retention/attendees/", {"days": "3"}))

    assert "Enter at least 30 days" in page

    client.post("/en/organize/privacy/retention/attendees/", {"days": "90"})

    assert RetentionPeriod.objects.get().days == 90
    assert client.get("/organize/privacy/retention/answers/").status_code == 404

    page = get_page_text(client.post("/en/organize/privacy/retention/run/", follow=True))

    assert "0 entries were removed." in page
    assert "default: 1,095" in page

    client.post("/en/organize/privacy/retention/attendees/", {"days": "1095"})

    assert RetentionPeriod.objects.count() == 0
    assert RetentionRun.objects.exclude(error="").count() == 0


def test_new_consent_text_is_offered_again_and_old_consent_keeps_old_text():
    person = make_person_with_data()
    administrator = make_client(make_administrator())
    purpose = Purpose.objects.get()

    same = administrator.post(f"/en/organize/privacy/texts/{purpose.slug}/", {"text": "Oui"})

    assert "This is already the current text." in get_page_text(same)

    administrator.post(f"/en/organize/privacy/texts/{purpose.slug}/", {"text": "Oui, et en ligne"})
    page = get_page_text(make_client(person).get("/en/me/privacy/"))

    assert "the text has changed since then" in page
    assert "Accept the new text" in page
    consents = Consent.objects.order_by("pk").values_list("text__version", "text__text", "withdrawn_at")
    assert list(consents) == [(1, "Oui", None)]

    make_client(person).post("/en/me/privacy/agree/purpose-photos/")
    [old, new] = consents.all()

    assert old[:2] == (1, "Oui")
    assert old[2] is not None
    assert new == (2, "Oui, et en ligne", None)
    assert PurposeText.objects.count() == 2

    listed = get_page_text(administrator.get("/en/organize/privacy/texts/"))

    assert "1 person has consented" in listed
