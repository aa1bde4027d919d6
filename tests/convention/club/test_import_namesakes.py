"""The preview of a list names new people who have the name of somebody at their company."""

from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import translation

from convention.club.directory_import.import_directory import preview_directory_import
from convention.tables.files import read_table
from tests.factories import make_administrator, make_company, make_member
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

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


def test_same_name_at_another_company_is_no_namesake(company):
    make_member(make_company(name="Rive"), first_name="Baptiste", last_name="Abadie", email="b@rive.example")

    assert list_namesakes(LIST) == []


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
