"""The preview of a list names new people who have a namesake in the directory, and asks who they are."""

import datetime
from io import StringIO
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.directory_import.import_directory import import_directory, preview_directory_import
from convention.club.directory_import.same_companies import SameCompany
from convention.club.directory_import.same_people import AddressChoice, SamePerson, decode_same_people
from convention.club.directory_import.undo import undo_directory_import
from convention.club.models import ClubRole, Person
from convention.tables.files import read_table
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS
from convention.tables.row_errors import InvalidRows
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_member,
    make_person,
    make_secretary,
    verify_address,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)

LIST = "company,first_name,last_name,email\nAutomobiles Delorme,Baptiste,Abadie,b.abadie@autre.example\n"
SENTENCE = (
    "Baptiste Abadie (b.abadie@autre.example): "
    "Automobiles Delorme already has Baptiste Abadie (baptiste@delorme.example)"
)


@pytest.fixture
def company():
    return make_company(name="Automobiles Delorme")


@pytest.fixture
def colleague(company):
    return make_member(company, first_name="Baptiste", last_name="Abadie", email="baptiste@delorme.example")


def list_namesakes(text):
    """Return the sentences on namesakes in the preview of this list."""
    preview = preview_directory_import(table=read_table("list.csv", text.encode()))
    with translation.override("en"):
        return [str(namesake) for namesake in preview.namesakes]


@pytest.mark.usefixtures("colleague")
def test_new_person_with_the_name_of_a_colleague_is_named():
    assert list_namesakes(LIST) == [SENTENCE]


def test_name_with_another_hyphen_is_the_same_name(company):
    make_member(company, first_name="Jean-Noël", last_name="Roi", email="jn@delorme.example")

    namesakes = list_namesakes("company,first_name,last_name\nAutomobiles Delorme,Jean Noel,Roi\n")

    assert namesakes == ["Jean Noel Roi: Automobiles Delorme already has Jean-Noël Roi (jn@delorme.example)"]


@pytest.mark.usefixtures("colleague")
def test_person_with_the_known_address_is_no_namesake():
    assert list_namesakes(LIST.replace("b.abadie@autre.example", "baptiste@delorme.example")) == []


@pytest.mark.usefixtures("company")
def test_same_name_at_another_company_is_named():
    make_member(make_company(name="Rive"), first_name="Baptiste", last_name="Abadie", email="b@rive.example")

    [sentence] = list_namesakes(LIST)

    assert sentence == (
        "Baptiste Abadie (b.abadie@autre.example): the directory already has Baptiste Abadie "
        "(b@rive.example), at Rive"
    )


@pytest.mark.usefixtures("company")
def test_same_last_name_alone_at_another_company_is_no_namesake():
    make_member(make_company(name="Rive"), first_name="", last_name="Abadie", email="b@rive.example")

    assert list_namesakes(LIST.replace("Baptiste", "")) == []


def test_preview_page_leads_to_the_known_person(colleague):
    upload = SimpleUploadedFile("list.csv", LIST.encode())

    page = make_client(make_administrator()).post("/en/organize/club/import/", {"file": upload, "check": "1"})

    assert "The directory may have these people already" in page.text
    assert f'<a href="/en/organize/club/people/{colleague.pk}/">{SENTENCE}</a>' in page.text


@pytest.mark.usefixtures("colleague")
def test_dry_run_of_the_command_names_them(tmp_path):
    file, errors = tmp_path / "list.csv", StringIO()
    file.write_text(LIST)

    with translation.override("en"):
        call_command("club_import", str(file), "--dry-run", stderr=errors)

    assert SENTENCE in errors.getvalue()


PATH = "/en/organize/club/import/"


@pytest.fixture
def client():
    return make_client(make_administrator())


def read_form(page):
    """Return the values of the fields that belong to the form with the columns, as a browser sends them."""
    values = {}
    for field in html.fromstring(page.content).xpath(
        "//form[@id='columns']//*[@name] | //*[@form='columns']"
    ):
        if field.tag != "button":
            values.setdefault(field.get("name"), []).append(field.value)
    return values


def list_options(page):
    """Return the labels of the choices for the last namesake, with their values."""
    options = html.fromstring(page.content).xpath("(//select[@name='same_person'])[last()]/option")
    return {option.text: option.get("value") for option in options}


def check_list(client, text=LIST):
    return client.post(PATH, {"file": SimpleUploadedFile("list.csv", text.encode()), "check": "1"})


def choose(client, label, text=LIST):
    """Return the second preview, once the choice with that label was made in the first."""
    page = check_list(client, text)
    return client.post(PATH, read_form(page) | {"same_person": [list_options(page)[label]], "check": "1"})


KEEP = "The same person: keep baptiste@delorme.example"
REPLACE = "The same person: change to b.abadie@autre.example"


@pytest.mark.usefixtures("colleague")
def test_new_person_with_a_namesake_is_another_person_by_default(client):
    client.post(PATH, read_form(check_list(client)))

    assert Person.objects.filter(last_name="Abadie").count() == 2


def test_same_person_keeps_the_address_of_the_directory(client, colleague):
    text = LIST.replace("email\n", "email,title\n").replace("autre.example", "autre.example,DSI")

    client.post(PATH, read_form(choose(client, KEEP, text)))

    assert Person.objects.get(last_name="Abadie").email == "baptiste@delorme.example"
    assert colleague.employments.get().title == "DSI"


@pytest.mark.usefixtures("colleague")
def test_same_person_gets_the_address_of_the_list(client):
    client.post(PATH, read_form(choose(client, REPLACE)))

    assert Person.objects.get(last_name="Abadie").email == "b.abadie@autre.example"


@pytest.mark.usefixtures("colleague")
def test_former_address_is_notified(client, mailoutbox, django_capture_on_commit_callbacks):
    form = read_form(choose(client, REPLACE))

    with django_capture_on_commit_callbacks(execute=True):
        client.post(PATH, form)

    assert [mail.to for mail in mailoutbox] == [["baptiste@delorme.example"]]


def test_replaced_address_is_audited(client, colleague):
    client.post(PATH, read_form(choose(client, REPLACE)))

    entry = AuditEntry.objects.get(verb="person.change")
    assert entry.fields == ["email"]
    assert entry.subject == f"club.person:{colleague.pk}"


@pytest.mark.usefixtures("colleague")
def test_changed_choice_is_checked_before_the_import(client):
    page = check_list(client)

    response = client.post(PATH, read_form(page) | {"same_person": [list_options(page)[KEEP]]})

    assert response.status_code == 200
    assert "people: 0" in response.text
    assert Person.objects.filter(last_name="Abadie").count() == 1


@pytest.mark.usefixtures("colleague")
def test_choice_can_be_changed_in_the_second_preview(client):
    page = choose(client, KEEP)

    client.post(PATH, read_form(page) | {"same_person": [""], "check": "1"})
    form = read_form(check_list(client))
    client.post(PATH, form)

    assert list_options(page).keys() == {"Another person", KEEP, REPLACE}
    assert Person.objects.filter(last_name="Abadie").count() == 2


def test_secretary_cannot_replace_the_address_of_somebody_who_signed_in(colleague):
    Person.objects.filter(pk=colleague.pk).update(last_login=timezone.now())

    options = list_options(check_list(make_client(make_secretary())))

    assert options.keys() == {"Another person", KEEP}


def test_forged_choice_of_another_address_is_refused(colleague):
    Person.objects.filter(pk=colleague.pk).update(last_login=timezone.now())
    forged = SamePerson("Baptiste Abadie", "b.abadie@autre.example", "", colleague.pk, AddressChoice.REPLACE)

    with translation.override("en"), pytest.raises(InvalidRows) as refused:
        import_directory(
            table=read_table("list.csv", LIST.encode()), same_people=(forged,), actor=make_secretary()
        )

    [(number, sentence)] = refused.value.rows
    assert number == 2
    assert "Only administrators can change this address" in sentence


def test_preview_asks_about_the_employer_of_a_person_who_works_elsewhere(client, company):
    make_member(make_company(name="Rive"), first_name="Baptiste", last_name="Abadie", email="b@rive.example")

    page = choose(client, "The same person: keep b@rive.example")

    assert "Baptiste Abadie works at Rive; the list says Automobiles Delorme" in page.text
    assert not company.employments.exists()


def test_choice_of_a_person_who_is_gone_is_refused():
    gone = SamePerson("Baptiste Abadie", "b.abadie@autre.example", "", 10**9, AddressChoice.KEEP)

    with pytest.raises(InvalidRows):
        import_directory(table=read_table("list.csv", LIST.encode()), same_people=(gone,))


def test_person_without_an_address_in_the_list_is_chosen_by_name(client, company):
    known = make_member(company, first_name="Jean-Noël", last_name="Roi", email="jn@delorme.example")
    text = "company,first_name,last_name,title\nAutomobiles Delorme,Jean Noel,Roi,DSI\n"

    client.post(PATH, read_form(choose(client, "The same person", text)))

    known.refresh_from_db()
    assert known.employments.get().title == "DSI"
    assert known.first_name == "Jean-Noël"


@pytest.mark.usefixtures("colleague")
def test_choice_of_a_long_list_reaches_the_job(client, run_tasks):
    rows = "".join(f"Automobiles Delorme,Ana,Name{n},n{n}@a.example\n" for n in range(MAX_IMMEDIATE_ROWS))

    client.post(PATH, read_form(choose(client, REPLACE, LIST + rows)))
    run_tasks()

    assert Person.objects.get(last_name="Abadie").email == "b.abadie@autre.example"


def test_undo_restores_the_address(colleague):
    same = SamePerson("Baptiste Abadie", "b.abadie@autre.example", "", colleague.pk, AddressChoice.REPLACE)
    changes = import_directory(table=read_table("list.csv", LIST.encode()), same_people=(same,))

    undo_directory_import(import_record=changes.import_record)

    colleague.refresh_from_db()
    assert colleague.email == "baptiste@delorme.example"


def test_undo_notifies_the_address_of_the_list(colleague, mailoutbox, django_capture_on_commit_callbacks):
    same = SamePerson("Baptiste Abadie", "b.abadie@autre.example", "", colleague.pk, AddressChoice.REPLACE)
    changes = import_directory(table=read_table("list.csv", LIST.encode()), same_people=(same,))

    with django_capture_on_commit_callbacks(execute=True):
        undo_directory_import(import_record=changes.import_record)

    assert ["b.abadie@autre.example"] in [mail.to for mail in mailoutbox]


@pytest.fixture
def first_address(company):
    """Return a colleague without an address, and the import that enters one."""
    person = make_member(company, first_name="Baptiste", last_name="Abadie", email=None)
    changes = import_directory(table=read_table("list.csv", LIST.encode()))
    person.refresh_from_db()
    return SimpleNamespace(person=person, import_record=changes.import_record)


def test_undo_of_a_first_address_ends_the_sessions_opened_with_it(first_address):
    person, client = first_address.person, Client()
    person.set_password("a long password")
    verify_address(person).save()
    client.post("/accounts/login/", {"login": person.email, "password": "a long password"})
    opened = client.get("/me/security/")

    undo_directory_import(import_record=first_address.import_record)

    assert opened.status_code == 200
    assert client.get("/me/security/").status_code == 302


def test_undo_of_a_first_address_leaves_no_verified_one(first_address):
    EmailAddress.objects.create(user=first_address.person, email="b.abadie@autre.example", verified=True)

    undo_directory_import(import_record=first_address.import_record)

    assert not EmailAddress.objects.filter(user=first_address.person).exists()


@pytest.mark.parametrize(("last_login", "recipients"), [(None, []), (NOON, [["b.abadie@autre.example"]])])
def test_undo_notifies_a_first_address_that_has_signed_in(
    first_address, last_login, recipients, mailoutbox, django_capture_on_commit_callbacks
):
    Person.objects.filter(pk=first_address.person.pk).update(last_login=last_login)

    with django_capture_on_commit_callbacks(execute=True):
        undo_directory_import(import_record=first_address.import_record)

    assert [mail.to for mail in mailoutbox] == recipients
    assert not any("None" in mail.body for mail in mailoutbox)


def test_first_address_of_a_list_replaces_a_claimed_one(company):
    person = make_member(
        company, first_name="Baptiste", last_name="Abadie", email=None, claimed_email="known@example.org"
    )

    import_directory(table=read_table("list.csv", LIST.encode()))

    person.refresh_from_db()
    assert person.email == "b.abadie@autre.example"
    assert person.claimed_email == ""


def test_undo_brings_back_a_claimed_address(company):
    person = make_member(
        company, first_name="Baptiste", last_name="Abadie", email=None, claimed_email="known@example.org"
    )
    changes = import_directory(table=read_table("list.csv", LIST.encode()))

    undo_directory_import(import_record=changes.import_record)

    person.refresh_from_db()
    assert person.email is None
    assert person.claimed_email == "known@example.org"


def test_first_address_of_a_list_is_audited(first_address):
    entry = AuditEntry.objects.get(verb="person.change", subject=f"club.person:{first_address.person.pk}")

    assert entry.fields == ["email"]


@pytest.mark.parametrize(
    "text",
    ["", "[", '["a", "b", "c", 0, "keep"]', '["a", "b", "c", 1, "other"]', r'["\ud800", "", "", 1, "keep"]'],
)
def test_malformed_choice_is_another_person(text):
    assert decode_same_people([text]) == ()


def test_undo_skips_an_address_that_somebody_else_has_meanwhile(colleague):
    same = SamePerson("Baptiste Abadie", "b.abadie@autre.example", "", colleague.pk, AddressChoice.REPLACE)
    changes = import_directory(table=read_table("list.csv", LIST.encode()), same_people=(same,))
    make_person(email="baptiste@delorme.example")

    with translation.override("en"):
        undo = undo_directory_import(import_record=changes.import_record)

    colleague.refresh_from_db()
    assert colleague.email == "b.abadie@autre.example"
    assert ("person", colleague.pk, "another person has the earlier address now") in undo.skipped_rows


def test_undo_skips_an_address_that_another_person_has_besides_their_main_one(colleague):
    same = SamePerson("Baptiste Abadie", "b.abadie@autre.example", "", colleague.pk, AddressChoice.REPLACE)
    changes = import_directory(table=read_table("list.csv", LIST.encode()), same_people=(same,))
    EmailAddress.objects.create(user=make_person(), email="baptiste@delorme.example", verified=True)

    undo_directory_import(import_record=changes.import_record)

    colleague.refresh_from_db()
    assert colleague.email == "b.abadie@autre.example"


def test_undo_by_an_administrator_leaves_the_address_of_a_superuser(colleague):
    same = SamePerson("Baptiste Abadie", "b.abadie@autre.example", "", colleague.pk, AddressChoice.REPLACE)
    changes = import_directory(table=read_table("list.csv", LIST.encode()), same_people=(same,))
    Person.objects.filter(pk=colleague.pk).update(is_superuser=True)
    administrator = make_person()
    ClubRole.objects.create(person=administrator, role="administrator", starts_on=START_OF_2020)

    undo_directory_import(import_record=changes.import_record, actor=administrator)

    colleague.refresh_from_db()
    assert colleague.email == "b.abadie@autre.example"


def test_same_person_is_found_at_the_company_that_the_listed_one_stands_for(company):
    known = make_member(company, first_name="Jean-Noël", last_name="Roi", email="jn@delorme.example")
    text = "company,first_name,last_name,title\nDelorme Autos,Jean Noel,Roi,DSI\n"
    same_person = SamePerson("Jean Noel Roi", "", "Delorme Autos", known.pk, AddressChoice.KEEP)

    import_directory(
        table=read_table("list.csv", text.encode()),
        same_companies=(SameCompany("Delorme Autos", company.name),),
        same_people=(same_person,),
    )

    known.refresh_from_db()
    assert known.employments.get().title == "DSI"
    assert not Person.objects.filter(first_name="Jean Noel").exists()
