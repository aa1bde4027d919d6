"""The pages of one's own data, the desk, retention and texts, in both languages."""

import io
import zipfile

import pytest
from django.utils import timezone

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
from tests.convention.privacy.person_fixtures import ADDRESS, LAST, LONG_AGO, make_person_with_data
from tests.factories import make_administrator, make_event, make_person, make_registration, make_ticket
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def words(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def secretary():
    person = make_person(email="secretariat@club.example")
    ClubRole.objects.create(person=person, role="secretary", starts_on=LONG_AGO)
    return person


def test_ones_own_page_shows_every_table_and_changes_nothing():
    person = make_person_with_data()
    before = AuditEntry.objects.count()
    page = words(make_client(person).get("/en/me/privacy/"))
    for title in ("Registrations", "Invoices", "Consents", "Scans", "Applications"):
        assert f'<th scope="row">{title}</th>' in page
    assert AuditEntry.objects.count() == before
    assert Consent.objects.get().withdrawn_at is None


def test_the_file_is_for_its_owner_alone():
    client = make_client(make_person_with_data())
    assert client.get("/me/privacy/file/").status_code == 405
    answer = client.post("/me/privacy/file/")
    assert answer["Cache-Control"] == "private, no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert "lisez-moi.txt" in archive.namelist()
    assert LAST in archive.read("data.json").decode()


def test_a_consent_is_withdrawn_as_easily_as_given_by_one_button():
    person = make_person_with_data()
    client = make_client(person)
    page = client.post("/en/me/privacy/disagree/purpose-photos/", follow=True)
    assert "Your consent has been withdrawn." in words(page)
    person.refresh_from_db()
    assert not person.photo_consent
    assert Consent.objects.get().withdrawn_at is not None
    client.post("/en/me/privacy/agree/purpose-photos/")
    person.refresh_from_db()
    assert person.photo_consent
    assert Consent.objects.filter(withdrawn_at=None).count() == 1
    assert client.post("/me/privacy/agree/purpose-nothing/").status_code == 404


def test_news_are_refused_and_wanted_again_on_the_same_page():
    client = make_client(make_person())
    assert "consent withdrawn" not in words(client.get("/en/me/privacy/"))
    client.post("/en/me/privacy/disagree/news/")
    assert "consent withdrawn" in words(client.get("/en/me/privacy/"))
    client.post("/en/me/privacy/agree/news/")
    assert "consent withdrawn" not in words(client.get("/en/me/privacy/"))


def test_a_request_to_be_forgotten_from_the_page_to_the_last_mail(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    person = make_person_with_data()
    client, desk = make_client(person), make_client(secretary)
    assert "Ce champ est obligatoire." in words(client.post("/me/privacy/forget/", {}))
    with django_capture_on_commit_callbacks(execute=True):
        page = words(client.post("/me/privacy/forget/", {"is_sure": "on"}, follow=True))
        client.post("/me/privacy/forget/", {"is_sure": "on"})
    assert "Vous avez demandé l’effacement de vos données" in page
    case = PrivacyCase.objects.get(kind="erasure")
    listed = words(desk.get("/organize/privacy/"))
    assert f'<a href="/organize/privacy/{case.pk}/">{person}</a>' in listed
    page = words(desk.post(f"/organize/privacy/{case.pk}/erase/", {}))
    assert "Ce champ est obligatoire." in page
    with django_capture_on_commit_callbacks(execute=True):
        page = words(desk.post(f"/organize/privacy/{case.pk}/erase/", {"is_sure": "on"}, follow=True))
    assert "Ce qui a été fait" in page
    assert ADDRESS not in page
    assert [mail.subject for mail in mailoutbox] == [
        "Votre demande concernant vos données", "Vos données ont été effacées",
    ]  # fmt: skip
    assert client.get("/me/privacy/").status_code == 302


def test_what_stands_in_the_way_is_said_and_nothing_is_erased(secretary):
    person = make_person()
    place = make_registration(make_ticket(make_event()), person=person)
    case = PrivacyCase.objects.create(kind="erasure", person=person, email=person.email)
    desk = make_client(secretary)
    assert place.event.title in words(desk.get(f"/en/organize/privacy/{case.pk}/"))
    page = words(desk.post(f"/en/organize/privacy/{case.pk}/erase/", {"is_sure": "on"}, follow=True))
    assert f"There is still a place booked at “{place.event.title}”" in page
    person.refresh_from_db()
    assert person.is_active


def test_a_request_is_taken_back():
    client = make_client(make_person())
    client.post("/en/me/privacy/forget/", {"is_sure": "on"})
    page = words(client.post("/en/me/privacy/stay/", follow=True))
    assert "Your request has been withdrawn. Nothing changes." in page
    assert PrivacyCase.objects.get().answer == "taken_back"


def test_a_letter_is_noted_refused_with_a_reason_and_told(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    desk = make_client(secretary)
    fields = {"email": "Gast@example.org", "kind": "erasure", "language": "en"}
    with django_capture_on_commit_callbacks(execute=True):
        page = words(desk.post("/en/organize/privacy/new/", fields, follow=True))
        desk.post("/en/organize/privacy/new/", {**fields, "email": "gast@example.org"})
    case = PrivacyCase.objects.get()
    assert '<th scope="row">Privacy cases</th>' in page
    assert "This field is required." in words(desk.post(f"/en/organize/privacy/{case.pk}/refuse/", {}))
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(f"/en/organize/privacy/{case.pk}/refuse/", {"reason": "Nobody known."})
    assert [mail.to for mail in mailoutbox] == [["Gast@example.org"]] * 2
    assert "Nobody known." in mailoutbox[1].body
    again = desk.post(f"/en/organize/privacy/{case.pk}/refuse/", {"reason": "Again."})
    assert again.status_code == 409


def test_access_is_given_and_answered(secretary):
    case = PrivacyCase.objects.create(kind="access", email=make_person().email)
    desk = make_client(secretary)
    assert desk.post(f"/organize/privacy/{case.pk}/file/")["Content-Type"] == "application/zip"
    desk.post(f"/organize/privacy/{case.pk}/answered/")
    case.refresh_from_db()
    assert (case.answer, case.answered_by) == ("given", secretary)


def test_a_late_answer_is_marked_late(secretary):
    long_ago = timezone.now() - timezone.timedelta(days=40)
    PrivacyCase.objects.create(kind="access", email="gast@example.org", requested_at=long_ago)
    assert "<strong>late</strong>" in words(make_client(secretary).get("/en/organize/privacy/"))


def test_the_administrator_chooses_days_and_reads_the_report():
    client = make_client(make_administrator())
    page = words(client.post("/en/organize/privacy/retention/attendees/", {"days": "3"}))
    assert "Enter at least 30 days" in page
    client.post("/en/organize/privacy/retention/attendees/", {"days": "90"})
    assert RetentionPeriod.objects.get().days == 90
    assert client.get("/organize/privacy/retention/answers/").status_code == 404
    page = words(client.post("/en/organize/privacy/retention/run/", follow=True))
    assert "0 entries were removed." in page
    assert "default: 1,095" in page
    client.post("/en/organize/privacy/retention/attendees/", {"days": "1095"})
    assert (RetentionPeriod.objects.count(), RetentionRun.objects.exclude(error="").count()) == (0, 0)


def test_a_new_text_asks_anew_and_the_old_consent_stays_to_the_old_text():
    person = make_person_with_data()
    administrator = make_client(make_administrator())
    purpose = Purpose.objects.get()
    same = administrator.post(f"/en/organize/privacy/texts/{purpose.slug}/", {"text": "Oui"})
    assert "This is already the current text." in words(same)
    administrator.post(f"/en/organize/privacy/texts/{purpose.slug}/", {"text": "Oui, et en ligne"})
    page = words(make_client(person).get("/en/me/privacy/"))
    assert "the text has changed since then" in page
    assert "Accept the new text" in page
    make_client(person).post("/en/me/privacy/agree/purpose-photos/")
    standing = Consent.objects.filter(withdrawn_at=None).values_list("text__version", flat=True)
    assert (list(standing), PurposeText.objects.count()) == ([2], 2)
    listed = words(administrator.get("/en/organize/privacy/texts/"))
    assert "1 person has consented" in listed
