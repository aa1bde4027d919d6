"""The export of a person's data."""

import io
import json
import zipfile

import pytest
from django.utils import translation

from convention.audit.models import AuditEntry
from convention.privacy.export import export_personal_data
from convention.privacy.find_data import SubjectData
from convention.privacy.registry import list_data_sources
from convention.privacy.subjects import find_subject_by_address, get_subject
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.models import Invoice
from registrations.models import Registration
from tests.convention.privacy.person_fixtures import (
    ADDRESS,
    FIRST,
    LAST,
    PERSONAL_VALUES,
    find_columns_with,
    make_person_with_data,
)
from tests.factories import make_person, make_registration

pytestmark = pytest.mark.django_db


def open_archive(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return archive


def read_tables(archive):
    return {table["table"]: table["rows"] for table in json.loads(archive.read("data.json"))["tables"]}


def test_export_contains_every_table_with_personal_data():
    person = make_person_with_data()
    told = read_tables(open_archive(export_personal_data(subject=get_subject(person))))
    tables = {source.model._meta.db_table for source in list_data_sources() if source.table_label in told}

    # Files of jobs are copies made for organizers; they are deleted after a week.
    found = {column.partition(".")[0] for column in find_columns_with(PERSONAL_VALUES)} - {"jobs_jobfile"}

    assert found - tables == set()


def test_export_contains_rows_reason_and_erasure_action_of_tables():
    person = make_person_with_data()
    said = json.loads(open_archive(export_personal_data(subject=get_subject(person))).read("data.json"))

    assert said["format"] == "convention-personal-data"
    assert said["version"] == 1
    assert said["addresses"] == [ADDRESS]
    assert [table["table"] for table in said["tables"] if not table["why"]] == []

    erasures = {table["table"]: table["erasure"] for table in said["tables"]}

    assert erasures["registrations.registration"] == "blanked"
    assert erasures["registrations.waitingentry"] == "deleted"
    assert erasures["attendance.scan"] == "anonymized"
    assert erasures["invoices.invoice"] == "required_by_law"

    [row] = next(table["rows"] for table in said["tables"] if table["table"] == "registrations.registration")

    event = Registration.objects.get(person=person).event
    assert row["first_name"] == FIRST
    assert row["last_name"] == LAST
    assert row["email"] == ADDRESS
    assert row["event"] == {"id": event.pk, "name": event.title}


def test_export_contains_uploaded_files_and_invoices():
    person = make_person_with_data()
    invoice = Invoice.objects.get()
    pdf = get_invoice_pdf(invoice)
    archive = open_archive(export_personal_data(subject=get_subject(person)))
    names = sorted(name for name in archive.namelist() if "/" in name)

    folders = [name.rpartition("/")[0] for name in names]

    assert folders == ["files/invoices.invoicepdf", "files/registrations.answerfile"]
    assert names[0].endswith(f"-{invoice.number}.pdf")
    assert archive.read(names[0]) == pdf


def test_export_contains_no_secret():
    person = make_person_with_data()
    order = Registration.objects.get(person=person).order

    content = open_archive(export_personal_data(subject=get_subject(person))).read("data.json").decode()

    assert order.manage_secret not in content
    assert person.password not in content


def test_export_contains_no_data_of_another_person():
    person = make_person_with_data()
    make_registration(first_name="Otto", last_name="Anderson", email="otto@firm.example")

    content = open_archive(export_personal_data(subject=get_subject(person))).read("data.json").decode()

    assert "Anderson" not in content


def test_export_of_guest_known_only_by_address_contains_registration():
    make_registration(first_name="Gisèle", last_name="Gast", email="Gast@Example.org")
    tables = read_tables(
        open_archive(export_personal_data(subject=find_subject_by_address("gast@example.org")))
    )

    assert set(tables) == {"registrations.registration"}
    assert tables["registrations.registration"][0]["last_name"] == "Gast"


def test_lookalike_address_is_a_different_address():
    make_registration(email="boss@f\u0131rm.example")
    assert SubjectData(find_subject_by_address("boss@firm.example")).tables_with_rows == []


def test_export_of_assistant_contains_registration_without_attendee():
    assistant = make_person(first_name="Asta", last_name="Assist", email="asta@example.org")
    make_registration(first_name="Bo", last_name="Boss", email="asta@example.org")

    rows = read_tables(open_archive(export_personal_data(subject=get_subject(assistant))))[
        "registrations.registration"
    ]
    assert [set(row) for row in rows] == [{"id", "reference", "event", "email"}]


def test_export_is_audited_without_values():
    person = make_person_with_data()
    export_personal_data(subject=get_subject(person))

    entry = AuditEntry.objects.get(verb="person.export")
    assert entry.subject == f"club.person:{person.pk}"
    assert "registrations.registration" in entry.fields
    assert LAST.casefold() not in str(entry.fields).casefold()


def test_every_label_of_the_person_is_written_for_a_reader():
    with translation.override("en"):
        archive = open_archive(export_personal_data(subject=get_subject(make_person())))
    tables = json.loads(archive.read("data.json"))["tables"]

    [labels] = [table["labels"] for table in tables if "claimed_email" in table["labels"]]

    assert labels["claimed_email"] == "e-mail given by a company’s contact"
    assert labels["date_joined"] == "in the directory since"
