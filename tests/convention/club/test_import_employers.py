"""A list that names somebody at another company: the preview asks whether they change employer."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.directory_import.employer_choices import (
    EmployerChoice,
    EmployerChoices,
    EmployerOutcome,
    decode_employer_choices,
)
from convention.club.directory_import.import_directory import import_directory, preview_directory_import
from convention.club.directory_import.undo import preview_undo, undo_directory_import
from convention.club.models import Company, Employment, Membership, Seat
from convention.club.permissions import get_companies_of_contact, get_member_company
from convention.tables.files import read_table
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS
from convention.tables.row_errors import InvalidRows
from registrations.models import Registration
from tests.factories import (
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_person,
    make_registration,
    make_ticket,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
IMPORT = "/en/organize/club/import/"
ONE_DAY = datetime.timedelta(days=1)
LIST = "company,first_name,last_name,email,title,seat,contact\nLac,Ana,Silva,ana@prise.example,DSI,,\n"
RECORD, LEAVE_OUT = EmployerOutcome.RECORD, EmployerOutcome.LEAVE_OUT


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def prise():
    return make_company(name="Prise")


@pytest.fixture
def ana(prise):
    return make_member(prise, first_name="Ana", last_name="Silva", email="ana@prise.example")


@pytest.fixture
def lake():
    return make_company(name="Lac")


@pytest.fixture
def client():
    return make_client(make_administrator())


def import_with(outcome, person, text=LIST, company="Lac", **options):
    choices = EmployerChoices((EmployerChoice(person.pk, company, outcome),))
    table = read_table("list.csv", text.encode())
    return import_directory(table=table, file_name="list.csv", employer_choices=choices, **options)


def list_jobs(person):
    """Return the companies of the person’s employments, with their last days."""
    return [(job.company.name, job.ends_on) for job in person.employments.order_by("starts_on", "pk")]


def check_list(client, text=LIST):
    upload = SimpleUploadedFile("list.csv", text.encode())
    return html.fromstring(client.post(IMPORT, {"file": upload, "check": "1"}).text)


def post_columns(client, page, outcome, **fields):
    """Post the form of the columns with this outcome for everybody who works elsewhere."""
    inputs = page.xpath("//*[@name][@type='hidden'][ancestor::form[@id='columns'] or @form='columns']")
    values = {}
    for field in inputs:
        values.setdefault(field.get("name"), []).append(field.get("value"))
    values["checked"] = page.xpath("//textarea[@name='checked']")[0].text
    for select in page.xpath("//form[@id='columns']//select"):
        values[select.get("name")] = select.value
    options = page.xpath("//select[@name='employer_choice']/option/@value")
    values["employer_choice"] = [text for text in options if outcome.value in text]
    return client.post(IMPORT, {**values, **fields}, follow=True)


def read_text(page):
    return " ".join(page.xpath("//main")[0].text_content().split())


@pytest.mark.usefixtures("lake")
def test_preview_asks_about_a_person_who_works_elsewhere(client, ana):
    page = check_list(client)

    assert "Ana Silva works at Prise; the list says Lac" in read_text(page)
    labels = page.xpath("//select[@name='employer_choice']/option/text()")
    assert labels[0] == "Leave this row out"
    assert labels[1].startswith("Record the change of employer on")


@pytest.mark.usefixtures("lake")
def test_list_is_imported_without_the_row_left_out(client, ana):
    page = check_list(client, f"{LIST}Lac,Zoé,Roi,zoe@lac.example,,,\n")

    answer = post_columns(client, page, LEAVE_OUT)

    assert "Changes of employer: 0. Rows left out: 1." in answer.text
    assert list_jobs(ana) == [("Prise", None)]
    assert Employment.objects.filter(person__email="zoe@lac.example").exists()


def test_new_company_of_a_row_left_out_is_not_created(ana):
    import_with(LEAVE_OUT, ana)

    assert not Company.objects.filter(name="Lac").exists()


@pytest.mark.usefixtures("lake")
def test_chosen_change_is_checked_again_and_then_recorded(client, ana):
    preview = html.fromstring(post_columns(client, check_list(client), RECORD).text)
    jobs_after_check = list_jobs(ana)

    answer = post_columns(client, preview, RECORD)

    assert jobs_after_check == [("Prise", None)]
    assert "Changes of employer: 1. Rows left out: 0." in answer.text
    assert list_jobs(ana) == [("Prise", timezone.localdate() - ONE_DAY), ("Lac", None)]


@pytest.mark.usefixtures("lake")
def test_long_list_records_the_chosen_change(client, ana, run_tasks):
    rows = "".join(f"Lac,Zoé,Roi {n},zoe{n}@lac.example,,,\n" for n in range(MAX_IMMEDIATE_ROWS))
    preview = html.fromstring(post_columns(client, check_list(client, LIST + rows), RECORD).text)

    post_columns(client, preview, RECORD)
    run_tasks()

    assert list_jobs(ana) == [("Prise", timezone.localdate() - ONE_DAY), ("Lac", None)]


def test_change_to_a_new_company_of_the_list_is_recorded(ana):
    import_with(RECORD, ana)

    assert list_jobs(ana)[-1] == ("Lac", None)


def test_change_has_the_title_of_the_list(ana, lake):
    import_with(RECORD, ana)

    assert ana.employments.get(company=lake).title == "DSI"


def test_change_begins_on_the_first_day_in_the_list(ana, lake):
    import_with(RECORD, ana, f"{LIST.splitlines()[0]},from\nLac,Ana,Silva,ana@prise.example,,,,2026-03-02\n")

    assert ana.employments.get(company=lake).starts_on == datetime.date(2026, 3, 2)
    assert list_jobs(ana)[0] == ("Prise", datetime.date(2026, 3, 1))


def test_change_ends_the_seat_at_the_former_company(ana, prise, lake):
    import_with(RECORD, ana)

    assert Seat.objects.get(person=ana, membership__company=prise).ends_on == timezone.localdate() - ONE_DAY
    assert get_member_company(ana) is None


def test_change_gives_the_seat_and_the_role_in_the_list(ana, lake):
    import_with(RECORD, ana, LIST.replace("DSI,,", "DSI,yes,yes"))

    assert get_member_company(ana) == lake
    assert list(get_companies_of_contact(ana)) == [lake]


def test_former_seat_can_be_given_to_a_colleague_of_the_list(ana, prise, lake):
    Membership.objects.filter(company=prise).update(seats=1)
    text = f"{LIST}Prise,Zoé,Roi,zoe@prise.example,,yes,\n"
    choices = EmployerChoices((EmployerChoice(ana.pk, "Lac", RECORD),))
    table = read_table("list.csv", text.encode())

    preview = preview_directory_import(table=table, employer_choices=choices)
    import_directory(table=table, employer_choices=choices)

    assert len(preview.changes.created_rows["seat"]) == 1
    assert Seat.objects.get(person__email="zoe@prise.example").membership.company == prise


def test_change_is_in_the_audit_trail(ana, lake):
    import_with(RECORD, ana)

    assert AuditEntry.objects.filter(verb="person.change_employer").count() == 1


@pytest.mark.usefixtures("lake")
def test_list_without_a_choice_is_refused(ana):
    with pytest.raises(InvalidRows) as error:
        import_directory(table=read_table("list.csv", LIST.encode()))

    [(_number, sentence)] = error.value.rows
    assert "Record the change of employer on their page first." in sentence


@pytest.mark.usefixtures("lake")
def test_only_the_secretary_and_administrators_record_a_change(ana):
    with pytest.raises(InvalidRows) as error:
        import_with(RECORD, ana, actor=make_person())

    assert "secretary and administrators record" in error.value.rows[0][1]
    assert list_jobs(ana) == [("Prise", None)]


@pytest.mark.usefixtures("lake")
def test_change_is_not_offered_for_a_job_with_a_last_day(client, ana):
    page = check_list(client, f"{LIST.splitlines()[0]},to\nLac,Ana,Silva,ana@prise.example,,,,2099-03-02\n")

    labels = page.xpath("//select[@name='employer_choice']/option/text()")
    assert labels == ["Leave this row out"]


@pytest.mark.usefixtures("lake")
def test_second_change_of_one_person_is_not_offered(ana):
    choices = EmployerChoices((EmployerChoice(ana.pk, "Lac", RECORD),), undecided=LEAVE_OUT)
    text = f"{LIST}Third,Ana,Silva,ana@prise.example,,,\n"

    preview = preview_directory_import(table=read_table("list.csv", text.encode()), employer_choices=choices)

    assert [len(one.choices) for one in preview.changes.employer_conflicts] == [2, 1]


@pytest.mark.usefixtures("lake")
def test_choice_stays_on_the_page_while_other_rows_have_errors(client, ana):
    preview = check_list(client)
    text = preview.xpath("//textarea[@name='checked']")[0].text + "Lac,Ali,Roi,not-an-address,,,\n"

    page = html.fromstring(post_columns(client, preview, RECORD, checked=text, check="1").text)

    assert "not an e-mail address" in read_text(page)
    selected = page.xpath("//select[@name='employer_choice']/option[@selected]/text()")
    assert selected == ["Record the change of employer"]


def test_undo_restores_the_former_employment(ana, lake):
    done = import_with(RECORD, ana)

    undo_directory_import(import_record=done.import_record)

    assert list_jobs(ana) == [("Prise", None)]


def test_undo_leaves_the_former_employment_ended_if_the_new_one_stays(ana, lake):
    done = import_with(RECORD, ana)
    make_registration(make_ticket(make_event()), person=ana)
    is_used = Registration.objects.filter(person=ana).exists()

    undo = preview_undo(done.import_record)
    undo_directory_import(import_record=done.import_record)

    assert is_used
    assert "this person’s new employment stays" in [reason for _kind, _pk, reason in undo.skipped_rows]
    assert list_jobs(ana) == [("Prise", timezone.localdate() - ONE_DAY), ("Lac", None)]


@pytest.mark.parametrize("text", ["", "[", '["1","Lac","record"]', '[1,"Lac","fly"]', '[0,"Lac","record"]'])
def test_text_that_is_no_choice_is_skipped(text):
    assert decode_employer_choices([text]) == ()


def test_choice_is_decoded_as_it_was_encoded():
    choice = EmployerChoice(7, "Société “Lac”", RECORD)

    assert decode_employer_choices([choice.encode()]) == (choice,)
