"""Choices of columns in earlier imports, which preselect the fields of the next list."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from lxml import html

from convention.club.models import DirectoryImport
from convention.tables.columns import merge_remembered_columns, remember_columns
from tests.factories import make_administrator

IMPORT = "/en/organize/club/import/"


def test_column_that_fits_no_field_is_not_remembered_as_ignored():
    remembered = remember_columns(["Nom", "Rang"], ["last_name", ""], ["last_name", ""])

    assert remembered == {"nom": "last_name"}


def test_column_that_fits_a_field_is_remembered_as_ignored():
    remembered = remember_columns(["Nom", "Mail"], ["last_name", ""], ["last_name", "email"])

    assert remembered == {"nom": "last_name", "mail": ""}


def test_chosen_field_is_remembered_without_the_latest_import():
    assert merge_remembered_columns([{}, {"rang": "title"}]) == {"rang": "title"}


def test_latest_choice_for_a_heading_wins():
    assert merge_remembered_columns([{"rang": "level"}, {"rang": "title"}]) == {"rang": "level"}


def test_column_ignored_in_the_latest_import_stays_ignored():
    assert merge_remembered_columns([{"mail": ""}, {"mail": "email"}]) == {"mail": ""}


def test_column_ignored_before_the_latest_import_is_recognized_again():
    assert merge_remembered_columns([{"nom": "last_name"}, {"mail": ""}, {"mail": "title"}]) == {
        "nom": "last_name"
    }


def test_nothing_is_remembered_before_the_first_import():
    assert merge_remembered_columns([]) == {}


@pytest.fixture
def administrator(client):
    client.force_login(make_administrator())
    return client


def check_list(client):
    """Return the page after a list of a company with its town was checked."""
    file = SimpleUploadedFile("l.csv", b"company,ville\nLac,Sion\n")
    return html.fromstring(client.post(IMPORT, {"file": file, "check": "1"}).text)


def read_town_column(page):
    """Return the chosen field and the note of the column of the town."""
    [cell] = page.xpath("//td[select[@name='column-1']]")
    note = cell.xpath("string(span)")
    return {"field": cell.xpath("string(select/option[@selected]/@value)"), "note": note}


@pytest.mark.django_db
def test_page_recognizes_a_column_that_was_ignored_long_ago(administrator):
    DirectoryImport.objects.create(mapping={"company": "company", "ville": ""})
    DirectoryImport.objects.create(mapping={"company": "company"})

    page = check_list(administrator)

    assert read_town_column(page) == {"field": "city", "note": ""}


@pytest.mark.django_db
def test_page_says_that_a_column_was_ignored_last_time(administrator):
    DirectoryImport.objects.create(mapping={"company": "company", "ville": ""})

    page = check_list(administrator)

    assert read_town_column(page) == {"field": "", "note": "ignored last time"}


@pytest.mark.django_db
def test_import_remembers_the_column_that_the_administrator_ignored(administrator):
    form = dict(check_list(administrator).xpath("//form[@id='columns']")[0].form_values())

    administrator.post(IMPORT, {**form, "column-1": "", "previewed-1": ""})

    assert DirectoryImport.objects.get().mapping == {"company": "company", "ville": ""}
