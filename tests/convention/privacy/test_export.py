"""The export of a person's data."""

import io
import json
import zipfile

import pytest

from convention.audit.models import AuditEntry
from convention.privacy.export import export_personal_data
from convention.privacy.find_data import SubjectData
from convention.privacy.registry import list_data_sources
from convention.privacy.subjects import find_subject_by_address, get_subject
from registrations.models import Registration
from tests.convention.privacy.person_fixtures import (
    ADDRESS,
    FIRST,
    LAST,
    VALUES,
    find_columns_with,
    make_person_with_data,
)
from tests.factories import make_person, make_registration

pytestmark = pytest.mark.django_db


def opened(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return archive


def tables_of(archive):
    return {table["table"]: table["rows"] for table in json.loads(archive.read("data.json"))["tables"]}


def test_everything_that_any_table_holds_is_in_it():
    person = make_person_with_data()
    told = tables_of(opened(export_personal_data(subject=get_subject(person))))
    tables = {source.model._meta.db_table for source in list_data_sources() if source.table_label in told}
    # Files of jobs are copies made for organizers; they are deleted after a week.
    found = {column.partition(".")[0] for column in find_columns_with(VALUES)} - {"jobs_jobfile"}
    assert found - tables == set()


def test_it_says_of_each_table_why_and_what_an_erasure_does():
    person = make_person_with_data()
    said = json.loads(opened(export_personal_data(subject=get_subject(person))).read("data.json"))
    assert (said["format"], said["version"], said["addresses"]) == ("convention-personal-data", 1, [ADDRESS])
    assert [table["table"] for table in said["tables"] if not table["why"]] == []
    [row] = next(table["rows"] for table in said["tables"] if table["table"] == "registrations.registration")
    event = Registration.objects.get(person=person).event
    assert (row["first_name"], row["last_name"], row["email"]) == (FIRST, LAST, ADDRESS)
    assert row["event"] == {"id": event.pk, "name": event.title}


def test_files_that_were_sent_in_and_invoices_are_in_it():
    person = make_person_with_data()
    names = sorted(opened(export_personal_data(subject=get_subject(person))).namelist())
    assert [name.rpartition("/")[0] for name in names if "/" in name] == ["files/registrations.answerfile"]


def test_no_secret_is_in_it():
    person = make_person_with_data()
    order = Registration.objects.get(person=person).order
    content = opened(export_personal_data(subject=get_subject(person))).read("data.json").decode()
    assert order.manage_secret not in content
    assert person.password not in content


def test_somebody_else_is_not_in_it():
    person = make_person_with_data()
    make_registration(first_name="Otto", last_name="Anderson", email="otto@firm.example")
    content = opened(export_personal_data(subject=get_subject(person))).read("data.json").decode()
    assert "Anderson" not in content


def test_a_guest_whom_the_club_knows_by_address_alone():
    make_registration(first_name="Gisèle", last_name="Gast", email="Gast@Example.org")
    tables = tables_of(opened(export_personal_data(subject=find_subject_by_address("gast@example.org"))))
    assert set(tables) == {"registrations.registration"}
    assert tables["registrations.registration"][0]["last_name"] == "Gast"


def test_an_address_that_looks_alike_is_another_one():
    make_registration(email="boss@f\u0131rm.example")
    assert SubjectData(find_subject_by_address("boss@firm.example")).tables_with_rows == []


def test_an_assistants_address_on_the_bosss_place_tells_the_place_and_not_the_boss():
    assistant = make_person(first_name="Asta", last_name="Assist", email="asta@example.org")
    make_registration(first_name="Bo", last_name="Boss", email="asta@example.org")
    rows = tables_of(opened(export_personal_data(subject=get_subject(assistant))))[
        "registrations.registration"
    ]
    assert [set(row) for row in rows] == [{"id", "reference", "event", "email"}]


def test_that_it_was_made_stands_in_the_trail_without_a_value():
    person = make_person_with_data()
    export_personal_data(subject=get_subject(person))
    entry = AuditEntry.objects.get(verb="person.export")
    assert entry.subject == f"club.person:{person.pk}"
    assert "registrations.registration" in entry.fields
    assert LAST.casefold() not in str(entry.fields).casefold()
