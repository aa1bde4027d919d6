"""Phone numbers and internal notes of people and companies: pages, search, lists, merges and erasure."""

import pytest
from django.test import Client
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.companies import search_companies
from convention.club.directory_import.columns import guess_columns
from convention.club.directory_import.import_directory import import_directory
from convention.club.directory_import.undo import undo_directory_import
from convention.club.merge_companies import merge_company, preview_company_merge
from convention.club.merge_people.accept_claim import accept_claim
from convention.club.merge_people.merge_people import merge_people
from convention.club.models import Company, Employment, Person
from convention.club.people import search_people
from convention.privacy.erase import execute_erasure
from convention.privacy.export import build_export
from convention.privacy.find_data import SubjectData
from convention.privacy.models import PrivacyCase
from convention.privacy.subjects import get_subject
from convention.tables.files import read_table
from convention.tables.row_errors import InvalidRows
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_contact,
    make_member,
    make_person,
    make_secretary,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
PHONE = "+33 (0)6 39 98 00 01"
PERSON_FIELDS = {"first_name": "Ana", "last_name": "Petit", "email": "ana@lac.example", "language": "en"}


@pytest.fixture
def secretary() -> Person:
    return make_secretary(first_name="Sam", last_name="Roy")


@pytest.fixture
def client(secretary) -> Client:
    return make_client(secretary)


@pytest.fixture
def person() -> Person:
    return make_person(**PERSON_FIELDS)


def edit_person(client, person, **fields):
    path = f"/en/organize/club/people/{person.pk}/edit/"
    return client.post(path, {**PERSON_FIELDS, **fields}, follow=True)


def read_section(page, title: str) -> str:
    [section] = html.fromstring(page.content).xpath(f"//section[h2='{title}']")
    return " ".join(section.text_content().split())


def import_text(text: str, **options):
    with translation.override("en"):
        return import_directory(table=read_table("list.csv", text.encode()), **options)


def download(client, name: str) -> str:
    return client.get(f"/en/organize/club/lists/{name}.csv").content.decode("utf-8-sig")


# Pages


def test_phone_of_a_person_is_a_link(client, person):
    page = edit_person(client, person, phone=" +33  (0)6 39 98 00 01")

    person.refresh_from_db()
    assert person.phone == PHONE
    [link] = html.fromstring(page.content).xpath("//a[starts-with(@href, 'tel:')]")
    assert link.get("href") == "tel:+33639980001"
    assert link.text == PHONE


def test_wrong_phone_is_an_error_at_its_field(client, person):
    page = edit_person(client, person, phone="ask at the desk")

    person.refresh_from_db()
    assert "Enter one phone number of 6 to 20 digits" in page.content.decode()
    assert person.phone == ""


def test_note_names_who_changed_it_last(client, person):
    page = edit_person(client, person, note="Prefers e-mails.\r\nIn the board.")

    person.refresh_from_db()
    assert person.note == "Prefers e-mails.\nIn the board."
    assert "by Sam Roy." in read_section(page, "Internal note")


def test_note_has_its_own_audit_entry_without_the_text(client, person):
    edit_person(client, person, note="Prefers e-mails.")

    entry = AuditEntry.objects.get(subject=f"club.person:{person.pk}")
    assert entry.verb == "person.note"
    assert entry.fields == ["note"]


def test_other_change_leaves_the_note_with_its_last_change(client, person):
    edit_person(client, person, note="Prefers\r\ne-mails.")
    other = make_client(make_administrator(first_name="Ada", last_name="Min"))

    page = edit_person(other, person, note="Prefers\r\ne-mails.", last_name="Grand", is_other_person="on")

    assert AuditEntry.objects.get(verb="person.change").fields == ["last_name"]
    assert "by Sam Roy." in read_section(page, "Internal note")


def test_new_person_gets_phone_and_note(client):
    client.post("/en/organize/club/people/new/", {**PERSON_FIELDS, "phone": PHONE, "note": "Met in Lyon."})

    person = Person.objects.get(email="ana@lac.example")
    assert person.phone == PHONE
    assert person.note == "Met in Lyon."
    assert AuditEntry.objects.get(verb="person.add").fields[-1] == "phone"
    assert AuditEntry.objects.filter(verb="person.note").exists()


def test_new_company_gets_phone_and_note(client):
    fields = {"name": "Lac", "country": "FR", "phone": "01 99 00 00 01", "note": "Pays late."}

    page = client.post("/en/organize/club/companies/new/", fields, follow=True)

    company = Company.objects.get(name="Lac")
    assert company.note == "Pays late."
    assert "tel:0199000001" in page.content.decode()
    assert "by Sam Roy." in read_section(page, "Internal note")


def test_markup_in_a_note_is_text(client, person):
    page = edit_person(client, person, note="<script>alert(1)</script>")

    assert "<script>alert(1)" not in page.content.decode()


def test_contacts_of_the_company_read_the_phone_but_not_the_note():
    company = make_company(slug="lac")
    make_member(company, phone=PHONE, note="Secret of the secretary")
    contact = make_contact(company)

    page = make_client(contact).get("/en/company/lac/seats/")

    assert "tel:+33639980001" in page.content.decode()
    assert "Secret of the secretary" not in page.content.decode()


# Search


@pytest.mark.parametrize(
    "words", ["06 39 98", "0639980001", "+33 6 39 98 00 01", "06.39.98.00.01", "98 00 01"]
)
def test_person_is_found_by_phone(person, words):
    person.phone = PHONE
    person.save(update_fields=["phone"])

    assert list(search_people(words)) == [person]


def test_company_is_found_by_phone_and_by_spaced_siren():
    company = make_company(phone="01 99 00 00 01", siren="732829320")

    assert list(search_companies("01.99.00")) == [company]
    assert list(search_companies("732 829 320")) == [company]


# Lists


def test_import_reads_phones_of_people_and_companies():
    import_text(
        "Entreprise;Téléphone de l’entreprise;Prénom;Nom;Courriel;Téléphone\n"
        f"Lac;01 99 00 00 01;Ana;Petit;ana@lac.example;{PHONE}\n"
    )

    assert Company.objects.get(name="Lac").phone == "01 99 00 00 01"
    assert Person.objects.get(email="ana@lac.example").phone == PHONE


def test_import_of_companies_alone_reads_their_phones():
    import_text("Entreprise;Ville;Téléphone\nLac;Annecy;01 99 00 00 01\n")

    assert Company.objects.get(name="Lac").phone == "01 99 00 00 01"


def test_list_of_people_does_not_follow_the_column_of_a_list_of_companies():
    header = ["Entreprise", "Nom", "Téléphone"]

    assert guess_columns(header, {"telephone": "company_phone"}) == ["company", "last_name", "phone"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Entreprise;Nom;Téléphone\nLac;Petit;demander\n", "Phone: “demander”. Enter one phone number"),
        ("Entreprise;Nom;Téléphone\nLac;;0199000001\n", "put the phone number in the column “Company phone”"),
    ],
)
def test_wrong_phone_in_a_list_is_an_error_of_its_row(text, expected):
    with pytest.raises(InvalidRows) as error:
        import_text(text)

    [(number, sentence)] = error.value.rows
    assert number == 2
    assert expected in sentence


def test_import_leaves_the_same_number_as_typed(person):
    person.phone = PHONE
    person.save(update_fields=["phone"])

    import_text("Entreprise;Courriel;Téléphone\nLac;ana@lac.example;06.39.98.00.01\n")

    person.refresh_from_db()
    assert person.phone == PHONE


def test_undone_import_restores_phones_and_their_search(person):
    person.phone = PHONE
    person.save(update_fields=["phone"])
    company = make_company(name="Lac", phone="01 99 00 00 01")
    done = import_text(
        "Entreprise;Téléphone entreprise;Courriel;Téléphone\nLac;0199000002;ana@lac.example;0639980002\n"
    )

    undo_directory_import(import_record=done.import_record)

    person.refresh_from_db()
    company.refresh_from_db()
    assert person.phone == PHONE
    assert company.phone == "01 99 00 00 01"
    assert list(search_people("0639980001")) == [person]


@pytest.mark.parametrize("name", ["companies", "people"])
def test_downloaded_list_has_the_phone_and_is_imported_unchanged(client, name):
    company = make_company(name="Lac", phone="+33 1 99 00 00 01", role=None)
    person = make_person(**PERSON_FIELDS, phone=PHONE)
    Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)

    text = download(client, name)

    assert (PHONE if name == "people" else "+33 1 99 00 00 01") in text
    done = import_text(text)
    assert done.changed_row_count == 0


def test_downloaded_lists_have_no_notes(client, person):
    make_company(note="Pays late.")
    person.note = "Pays late."
    person.save(update_fields=["note"])

    assert "Pays late." not in download(client, "companies") + download(client, "people")


# Merges


def merge(survivor, duplicate, actor, **options):
    with translation.override("en"):
        return merge_people(survivor=survivor, duplicate=duplicate, actor=actor, **options)


def test_merged_person_fills_the_phone_and_joins_the_notes(person, secretary):
    Person.objects.filter(pk=person.pk).update(note="Prefers e-mails.")
    duplicate = make_person(phone=PHONE, note="In the board.")

    survivor = merge(person, duplicate, secretary)

    survivor.refresh_from_db()
    assert survivor.phone == PHONE
    assert survivor.note == "Prefers e-mails.\n\nIn the board."
    assert AuditEntry.objects.filter(verb="person.note", subject=f"club.person:{person.pk}").exists()


def test_survivor_keeps_its_phone_unless_the_other_is_chosen(person, secretary):
    Person.objects.filter(pk=person.pk).update(phone=PHONE)
    other, chosen = make_person(phone="0199000001"), make_person(phone="0199000002")

    first = merge(person, other, secretary).phone
    second = merge(person, chosen, secretary, fields_from_duplicate=["phone"]).phone

    assert first == PHONE
    assert second == "0199000002"


def test_page_of_the_merge_offers_both_phones_and_names_the_notes(client, person):
    Person.objects.filter(pk=person.pk).update(phone=PHONE, note="Prefers e-mails.")
    duplicate = make_person(phone="01 99 00 00 01", note="In the board.")

    page = client.get(f"/en/organize/club/people/{person.pk}/merge/{duplicate.pk}/")

    choices = html.fromstring(page.content).xpath("//select[@name='phone']/option/text()")
    assert choices == [PHONE, "01 99 00 00 01"]
    assert "Both internal notes stay, one below the other." in page.content.decode()


def test_claim_fills_the_phone_and_joins_the_notes(person):
    claimed = make_person(email=None, claimed_email=person.email, phone=PHONE, note="Met in Lyon.")

    accept_claim(claimed=claimed)

    person.refresh_from_db()
    assert person.phone == PHONE
    assert person.note == "Met in Lyon."


def test_merged_company_passes_phone_and_note_on():
    gone = make_company(name="Allée", phone="01 99 00 00 01", note="Pays late.")
    stays = make_company(name="Banque", note="Likes visits.")

    merge_company(company=gone, into=stays, on=timezone.localdate())

    stays.refresh_from_db()
    assert stays.phone == "01 99 00 00 01"
    assert stays.note == "Likes visits.\n\nPays late."
    assert list(search_companies("0199000001")) == [gone, stays]


def test_preview_of_a_company_merger_names_what_is_taken_over():
    gone = make_company(name="Allée", phone="01 99 00 00 01", note="Pays late.")
    stays = make_company(name="Banque")

    with translation.override("en"):
        sentence = str(preview_company_merge(company=gone, into=stays, on=timezone.localdate()))

    assert "The other company takes over the phone number." in sentence
    assert "The internal note is added to that of the other company." in sentence


def test_company_keeps_its_own_phone_in_a_merger():
    gone = make_company(name="Allée", phone="01 99 00 00 01")
    stays = make_company(name="Banque", phone="01 99 00 00 02")

    merge_company(company=gone, into=stays, on=timezone.localdate())

    stays.refresh_from_db()
    assert stays.phone == "01 99 00 00 02"


# Privacy


def test_export_contains_phone_and_note(person):
    Person.objects.filter(pk=person.pk).update(phone=PHONE, note="Prefers e-mails.")

    exported = build_export(SubjectData(get_subject(Person.objects.get(pk=person.pk))))

    [row] = next(table["rows"] for table in exported["tables"] if table["table"] == "club.person")
    assert row["phone"] == PHONE
    assert row["note"] == "Prefers e-mails."


def test_erasure_empties_phone_and_note_and_the_name_in_other_notes(person):
    person.phone, person.note = PHONE, "Prefers e-mails."
    person.save()
    company, colleague = make_company(note="Ask Ana Petit first."), make_person(note="Works with Ana Petit.")
    case = PrivacyCase.objects.create(kind="erasure", person=person, email=person.email, language="en")

    execute_erasure(case=case)

    for row in (person, company, colleague):
        row.refresh_from_db()
    assert person.phone == ""
    assert person.note == ""
    assert "063998" not in person.search
    assert company.note == "Ask … first."
    assert colleague.note == "Works with …."
