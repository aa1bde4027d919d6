"""What undoing a directory import says: how many rows of each kind, and what uses those that stay."""

import datetime

import pytest
from django.utils import translation
from lxml import html

from convention.club.directory_import.import_directory import import_directory
from convention.club.directory_import.undo import preview_undo, undo_directory_import
from convention.club.models import Company
from convention.tables.files import read_table
from tests.factories import START_OF_2020, make_administrator, make_company, make_membership
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

LIST = """\
Entreprise;SIREN;Rôle;Prénom;Nom;Courriel;Siège;Contact
Banque du Lac;732 829 320;;Zoé;Müller;zoe@lac.example;oui;oui
Banque du Lac;;;Ali;Roi;ali@lac.example;;
Stockage SA;;fournisseur;;;;;
"""


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def import_record():
    make_company(name="Banque du Lac")
    return import_list(LIST)


def import_list(text):
    return import_directory(table=read_table("list.csv", text.encode()), file_name="list.csv").import_record


def test_page_names_the_kinds_and_what_uses_a_company(import_record):
    make_membership(Company.objects.get(name="Stockage SA"))
    client = make_client(make_administrator())

    page = html.fromstring(client.get(f"/en/organize/club/imports/{import_record.pk}/undo/").text)

    summary = (
        "To remove: 2 people, 2 jobs, 1 seat, 1 contact, 1 company role. To restore: 1 company. "
        "Left as is: 1 company."
    )
    assert page.xpath("//main//h2/text()") == [summary, "Left as is"]
    assert page.xpath("//main//section//li/text()") == ["Stockage SA: in use since the import (membership)"]


def test_several_uses_of_a_company_are_named_once_each(import_record):
    company = Company.objects.get(name="Stockage SA")
    make_membership(company, ends_on=START_OF_2020)
    make_membership(company, starts_on=START_OF_2020 + datetime.timedelta(days=1))
    make_company(parent=company)
    make_company(parent=company)

    [(_name, reason)] = preview_undo(import_record).named_skipped_rows

    assert reason == "in use since the import (company, membership)"


def test_result_leaves_out_what_has_no_rows(import_record):
    result = str(undo_directory_import(import_record=import_record))

    assert result == (
        "Removed: 2 people, 1 company, 2 jobs, 1 seat, 1 contact, 1 company role. Restored: 1 company."
    )


def test_preview_of_what_no_longer_exists_says_that_nothing_is_left():
    import_record = import_list("company\nNuage\n")
    Company.objects.get(name="Nuage").delete()

    assert preview_undo(import_record).preview_sentence == "Nothing is left to undo."
