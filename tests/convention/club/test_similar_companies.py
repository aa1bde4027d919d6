"""The preview of a list names new companies that the directory may have already."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from convention.club.directory_import.import_directory import preview_directory_import
from convention.tables.files import read_table
from tests.factories import make_administrator, make_company, make_member
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def list_similar(text):
    """Return the sentences on similar companies in the preview of this list."""
    preview = preview_directory_import(table=read_table("list.csv", text.encode()))
    with translation.override("en"):
        return [str(similar) for similar in preview.similar_companies]


def test_new_company_with_almost_the_same_name_is_named():
    make_company(name="Banque Armoricaine")

    similar = list_similar("company\nBanque armoricaine SA\nNimbus\n")

    assert similar == ["Banque armoricaine SA: almost the same name as Banque Armoricaine"]


def test_two_spellings_in_one_list_are_named():
    similar = list_similar("company\nCaisse des Deux-Rives\nCaisse des Deux Rives SA\n")

    assert similar == ["Caisse des Deux Rives SA: almost the same name as Caisse des Deux-Rives"]


def test_new_company_whose_people_share_the_mail_domain_of_another_is_named():
    make_member(make_company(name="Banque Armoricaine"), email="ana@armoricaine.example")

    similar = list_similar("company,last_name,email\nBnque Armoricaine,Roi,ali@armoricaine.example\n")

    assert similar == [
        "Bnque Armoricaine: people at Banque Armoricaine have addresses at armoricaine.example too"
    ]


@pytest.mark.parametrize("domain", ["gmail.com", "shared.example"])
def test_domains_of_mail_services_and_of_several_companies_say_nothing(domain):
    make_member(make_company(name="Banque Armoricaine"), email=f"ana@{domain}")
    make_member(make_company(name="Rive"), email=f"zoe@{domain}")

    similar = list_similar(f"company,last_name,email\nNimbus,Roi,ali@{domain}\n")

    assert similar == []


def test_preview_page_shows_similar_companies():
    make_company(name="Banque Armoricaine")
    upload = SimpleUploadedFile("list.csv", b"company\nBanque armoricaine.\n")

    page = make_client(make_administrator()).post("/en/organize/club/import/", {"file": upload, "check": "1"})

    assert "The directory may have these new companies already" in page.text
    assert "almost the same name as Banque Armoricaine" in page.text


def test_wrong_address_is_named_with_its_column():
    upload = SimpleUploadedFile("list.csv", b"company,last_name,email\nNimbus,Roi,ali-at-nimbus\n")

    page = make_client(make_administrator()).post("/en/organize/club/import/", {"file": upload, "check": "1"})

    assert "E-mail: “ali-at-nimbus” is not an e-mail address." in page.text


def test_changed_job_title_is_called_as_in_the_columns():
    member = make_member(make_company(name="Rive"), email="ana@rive.example")
    text = f"company,last_name,email,title\nRive,{member.last_name},ana@rive.example,DSI\n"
    upload = SimpleUploadedFile("list.csv", text.encode())

    page = make_client(make_administrator()).post("/en/organize/club/import/", {"file": upload, "check": "1"})

    assert '<td data-label="Field">Job title</td>' in page.text
