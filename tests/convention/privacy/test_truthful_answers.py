"""Answers to privacy requests claim only what is true of the data stored under the address."""

import io
import zipfile

import pytest
from django.utils import translation
from lxml import html

from convention.club.models import ClubRole
from convention.errors import NotOpenNow
from convention.privacy.erase import execute_erasure
from convention.privacy.models import PrivacyCase
from convention.privacy.requests import (
    AnswerOutdated,
    DataNotDownloaded,
    complete_request,
    export_case,
    link_case,
    record_request,
    refuse_request,
)
from convention.privacy.subjects import find_subject_by_address
from registrations.models import WaitingEntry
from tests.convention.privacy.person_fixtures import (
    ADDRESS,
    START_OF_2020,
    make_person_with_data,
    past_event,
)
from tests.factories import make_person, make_registration, make_ticket
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
GUEST = "gast@example.org"
NO_DATA = "Apart from your requests about your data, we hold no data under the address gast@example.org."


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def secretary():
    person = make_person(email="secretariat@club.example")
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return person


def record(secretary, kind, email=GUEST):
    return record_request(email=email, kind=kind, language="en", opened_by=secretary)


def make_waiting_entry(email=GUEST):
    ticket = make_ticket(past_event())
    return WaitingEntry.objects.create(
        event=ticket.event, ticket=ticket, email=email, address=email, last_name="Gast"
    )


def erase(case, mailoutbox, capture):
    """Erase the subject of the case, and return the last mail's text in one line."""
    mailoutbox.clear()
    with capture(execute=True):
        execute_erasure(case=case)
    case.refresh_from_db()
    [mail] = mailoutbox
    return mail.subject, " ".join(mail.body.split())


def answer(case, secretary, value, mailoutbox, capture):
    mailoutbox.clear()
    with capture(execute=True):
        complete_request(case=case, answered_by=secretary, answer=value)
    [mail] = mailoutbox
    return " ".join(mail.body.split())


def test_erasure_for_unknown_address_is_answered_with_no_data(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    case = record(secretary, "erasure")

    subject, text = erase(case, mailoutbox, django_capture_on_commit_callbacks)

    assert subject == "Your personal data request"
    assert NO_DATA in text
    assert "If you have used another address with us" in text
    assert "erased" not in text
    assert "invoice" not in text
    assert case.answer == "no_data"
    assert case.email == ""


def test_erasure_of_a_waiting_list_entry_names_it_and_the_address(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    make_waiting_entry()
    case = record(secretary, "erasure")

    subject, text = erase(case, mailoutbox, django_capture_on_commit_callbacks)

    assert subject == "Your data has been erased"
    assert "We have erased the personal data that we held under the address gast@example.org." in text
    assert "Deleted: waiting lists." in text
    assert "removed from:" not in text
    assert "attendance" not in text
    assert "If you have used another address with us" in text
    assert case.answer == "erased"


def test_erasure_of_a_person_names_the_tables_and_is_the_last_mail(
    mailoutbox, django_capture_on_commit_callbacks
):
    person = make_person_with_data()
    case = PrivacyCase.objects.create(kind="erasure", person=person, email=ADDRESS, language="en")

    _subject, text = erase(case, mailoutbox, django_capture_on_commit_callbacks)

    assert "We have erased the personal data that we held about you." in text
    assert "Related records, such as attendance figures, are kept without your name." in text
    assert "registrations, orders" in text
    assert "privacy cases" not in text
    assert "This is our last e-mail to you." in text


def test_second_erasure_of_a_guest_with_an_invoice_claims_no_new_erasure(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    make_person_with_data()
    erase(record(secretary, "erasure", ADDRESS), mailoutbox, django_capture_on_commit_callbacks)
    case = record(secretary, "erasure", ADDRESS)

    subject, text = erase(case, mailoutbox, django_capture_on_commit_callbacks)

    assert subject == "Your personal data request"
    assert "We have erased" not in text


def test_erasure_that_only_removes_the_address_from_a_note_says_so(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    other_case = PrivacyCase.objects.create(
        kind="access", email="other@example.org", reason=f"See {GUEST}", answer="refused",
        answered_at="2026-01-01T10:00Z",
    )  # fmt: skip
    case = record(secretary, "erasure")

    _subject, text = erase(case, mailoutbox, django_capture_on_commit_callbacks)

    other_case.refresh_from_db()
    assert GUEST not in other_case.reason
    assert "We have also removed your name or address from notes that mentioned you." in text
    assert "hold no data" not in text
    assert case.answer == "erased"


def test_access_to_unknown_address_is_answered_with_no_data(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    case = record(secretary, "access")

    text = answer(case, secretary, "no_data", mailoutbox, django_capture_on_commit_callbacks)

    case.refresh_from_db()
    assert NO_DATA in text
    assert "have sent you" not in text
    assert case.answer == "no_data"


def test_access_by_a_guest_is_answered_for_the_address_alone(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    make_waiting_entry()
    case = record(secretary, "access")
    export_case(case=case)

    text = answer(case, secretary, "given", mailoutbox, django_capture_on_commit_callbacks)

    assert "the data we hold under the address gast@example.org." in text
    assert "If you have used another address with us" in text


@pytest.mark.parametrize(("is_stored", "value"), [(False, "given"), (True, "no_data")])
def test_untrue_answer_to_a_request_for_access_is_refused(secretary, is_stored, value):
    if is_stored:
        make_waiting_entry()
    case = record(secretary, "access")

    with pytest.raises(AnswerOutdated):
        complete_request(case=case, answered_by=secretary, answer=value)

    case.refresh_from_db()
    assert case.answered_at is None


def test_data_that_nobody_downloaded_is_not_answered_as_given(secretary):
    make_waiting_entry()
    case = record(secretary, "access")

    with pytest.raises(DataNotDownloaded):
        complete_request(case=case, answered_by=secretary, answer="given")

    case.refresh_from_db()
    assert case.answered_at is None


def test_download_for_another_request_does_not_count(secretary):
    make_waiting_entry()
    export_case(case=record(secretary, "erasure"))
    case = record(secretary, "access")

    with pytest.raises(DataNotDownloaded):
        complete_request(case=case, answered_by=secretary, answer="given")


def test_download_from_before_the_request_was_linked_does_not_count(secretary):
    make_waiting_entry()
    case = record(secretary, "access")
    export_case(case=case)
    link_case(case=case, person=make_person(email="other@example.org"))
    case.refresh_from_db()

    with pytest.raises(DataNotDownloaded):
        complete_request(case=case, answered_by=secretary, answer="given")


def test_answer_without_download_leads_back_to_the_request(secretary):
    make_waiting_entry()
    case = record(secretary, "access")

    page = make_client(secretary).post(
        f"/en/organize/privacy/{case.pk}/answered/", {"answer": "given"}, follow=True
    )

    assert "The data has not been downloaded yet." in page.text


def test_page_of_a_request_names_who_downloaded_the_data(secretary):
    make_waiting_entry()
    case = record(secretary, "access")
    desk = make_client(secretary)
    desk.post(f"/en/organize/privacy/{case.pk}/file/")

    page = html.fromstring(desk.get(f"/en/organize/privacy/{case.pk}/").content)

    [downloads] = page.xpath("//dt[text()='Data downloaded']/following-sibling::dd[1]")
    assert str(secretary) in downloads.text_content()


def test_given_data_can_be_downloaded_again(secretary):
    make_waiting_entry()
    case = record(secretary, "access")
    desk = make_client(secretary)
    export_case(case=case)
    complete_request(case=case, answered_by=secretary, answer="given")

    page = html.fromstring(desk.get(f"/en/organize/privacy/{case.pk}/").content)
    file = desk.post(f"/en/organize/privacy/{case.pk}/file/")

    assert len(page.xpath("//form[contains(@action, '/file/')]")) == 1
    assert file["Content-Type"] == "application/zip"


def test_data_of_a_refused_request_cannot_be_downloaded(secretary):
    make_waiting_entry()
    case = record(secretary, "access")
    refuse_request(case=case, answered_by=secretary, reason="Sender unknown.")
    desk = make_client(secretary)

    page = html.fromstring(desk.get(f"/en/organize/privacy/{case.pk}/").content)
    file = desk.post(f"/en/organize/privacy/{case.pk}/file/")

    assert page.xpath("//form[contains(@action, '/file/')]") == []
    assert file.status_code == 409


def test_list_names_the_address_of_an_answered_request(secretary):
    case = record(secretary, "access")
    complete_request(case=case, answered_by=secretary, answer="no_data")

    page = html.fromstring(make_client(secretary).get("/en/organize/privacy/").content)

    assert page.xpath(f"//a[contains(@href, '/privacy/{case.pk}/')]/text()") == [GUEST]


def test_request_for_erasure_cannot_be_answered_as_access(secretary):
    make_waiting_entry()
    case = record(secretary, "erasure")

    with pytest.raises(NotOpenNow):
        complete_request(case=case, answered_by=secretary, answer="given")

    case.refresh_from_db()
    assert case.answered_at is None


def test_page_of_an_unknown_address_offers_no_file_and_the_true_answer(secretary):
    case = record(secretary, "access")
    desk = make_client(secretary)

    page = html.fromstring(desk.get(f"/en/organize/privacy/{case.pk}/").content)
    file = desk.post(f"/en/organize/privacy/{case.pk}/file/")

    assert page.xpath("//form[contains(@action, '/answered/')]//button/text()") == [
        "Answer that no data is stored"
    ]
    assert page.xpath("//form[contains(@action, '/file/')]") == []
    assert file.status_code == 404


def test_file_of_a_guest_says_that_it_is_about_the_address(secretary):
    make_waiting_entry()
    case = record(secretary, "access")

    answer = make_client(secretary).post(f"/en/organize/privacy/{case.pk}/file/")

    readme = zipfile.ZipFile(io.BytesIO(answer.content)).read("read-me.txt").decode()
    assert f"stores under {GUEST}." in readme


def test_answering_on_the_page_reports_that_no_data_is_stored(secretary):
    case = record(secretary, "access")

    page = make_client(secretary).post(
        f"/en/organize/privacy/{case.pk}/answered/", {"answer": "no_data"}, follow=True
    )

    assert "The person has been informed that no data is stored under this address." in page.text


def test_outdated_answer_leads_back_to_the_request(secretary):
    case = record(secretary, "access")
    make_waiting_entry()

    page = make_client(secretary).post(
        f"/en/organize/privacy/{case.pk}/answered/", {"answer": "no_data"}, follow=True
    )

    assert "The stored data has changed meanwhile. Check it and answer again." in page.text


def test_erasure_closes_other_requests_of_the_same_address(secretary):
    make_waiting_entry()
    access, erasure = record(secretary, "access"), record(secretary, "erasure")

    execute_erasure(case=erasure)

    access.refresh_from_db()
    assert access.answered_at is not None


def test_empty_address_is_nobody():
    make_registration(make_ticket(past_event()), email="")

    subject = find_subject_by_address("")

    assert subject.addresses == frozenset()
    assert subject.person is None
