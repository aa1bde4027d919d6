"""The preview of a list names new companies that the directory may have already."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from lxml import html

from convention.club.directory_import.import_directory import import_directory, preview_directory_import
from convention.club.directory_import.same_companies import (
    SameCompany,
    decode_same_companies,
    index_same_companies,
)
from convention.club.directory_import.undo import undo_directory_import
from convention.club.models import Company
from convention.club.views import directory_imports
from convention.tables.files import read_table
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS
from convention.tables.row_errors import InvalidRows
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


@pytest.mark.parametrize("name", ["Acieries de Mosele", "Aciéries de Mosellle SA", "Aciéreis de Moselle"])
def test_new_company_with_a_mistyped_name_is_named(name):
    make_company(name="Aciéries de Moselle")

    similar = list_similar(f"company\n{name}\n")

    assert similar == [f"{name}: almost the same name as Aciéries de Moselle"]


@pytest.mark.parametrize(
    ("known_name", "name"),
    [("Alstom", "Alstem"), ("Agence Ouest 12", "Agence Ouest 13"), ("Banque du Nord", "Banque du Sud")],
)
def test_short_names_numbers_and_other_words_are_no_typing_errors(known_name, name):
    make_company(name=known_name)

    assert list_similar(f"company\n{name}\n") == []


def test_companies_with_different_numbers_are_no_typing_errors():
    make_company(name="Aciéries de Moselle", siren="732829320")

    assert list_similar("company,siren\nAcieries de Mosele,552100554\n") == []


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


def test_similar_companies_beyond_the_limit_are_counted(monkeypatch):
    monkeypatch.setattr(directory_imports, "MAX_QUESTIONS", 1)
    for name in ("Banque Armoricaine", "Caisse des Deux-Rives"):
        make_company(name=name)
    text = b"company\nBanque Armoricaine SA\nCaisse des Deux Rives\n"

    page = make_client(make_administrator()).post(
        "/en/organize/club/import/", {"file": SimpleUploadedFile("list.csv", text), "check": "1"}
    )

    assert "1 more is not shown, and is added as a new company." in page.text
    assert len(html.fromstring(page.content).xpath("//select[@name='same_company']")) == 1


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


LIST = "company,city,last_name,email\nBanque armoricaine SA,Brest,Roi,ali@armoricaine.example\n"
PATH = "/en/organize/club/import/"


@pytest.fixture
def bank():
    return make_company(name="Banque Armoricaine")


@pytest.fixture
def client():
    return make_client(make_administrator())


def read_form(page):
    """Return the values of the fields that belong to the form with the columns, as a browser sends them."""
    tree = html.fromstring(page.content)
    values = {}
    for field in tree.xpath("//form[@id='columns']//*[@name] | //*[@form='columns']"):
        if field.tag != "button":
            values.setdefault(field.get("name"), []).append(field.value)
    return values


def check_list(client, text=LIST):
    upload = SimpleUploadedFile("list.csv", text.encode())
    return client.post(PATH, {"file": upload, "check": "1"})


def choose_same_company(page):
    """Return the values of the form, with the last company as the one that is named beside it."""
    values = read_form(page)
    options = html.fromstring(page.content).xpath("//select[@name='same_company']/option/@value")
    return values | {"same_company": [options[-1]]}


def test_company_chosen_to_be_the_same_is_not_added(client, bank):
    preview = client.post(PATH, choose_same_company(check_list(client)) | {"check": "1"})

    response = client.post(PATH, read_form(preview))

    assert response.status_code == 302
    assert list(Company.objects.all()) == [bank]
    assert bank.employments.get().person.email == "ali@armoricaine.example"


def test_company_chosen_to_be_the_same_keeps_its_name(client, bank):
    preview = client.post(PATH, choose_same_company(check_list(client)) | {"check": "1"})

    client.post(PATH, read_form(preview))

    bank.refresh_from_db()
    assert bank.name == "Banque Armoricaine"
    assert bank.city == "Brest"


def test_changed_choice_is_checked_before_the_import(client, bank):
    response = client.post(PATH, choose_same_company(check_list(client)))

    assert response.status_code == 200
    assert "New companies: 0" in response.text
    assert bank.employments.count() == 0


def test_company_is_added_unless_another_is_chosen(client, bank):
    client.post(PATH, read_form(check_list(client)))

    assert Company.objects.filter(name="Banque armoricaine SA").count() == 1


def test_choice_of_a_long_list_reaches_the_job(client, bank, run_tasks):
    rows = "".join(f"Banque armoricaine SA,Brest,Name{n},n{n}@a.example\n" for n in range(MAX_IMMEDIATE_ROWS))
    preview = client.post(PATH, choose_same_company(check_list(client, LIST + rows)) | {"check": "1"})

    client.post(PATH, read_form(preview))

    run_tasks()
    assert list(Company.objects.all()) == [bank]
    assert bank.employments.count() == MAX_IMMEDIATE_ROWS + 1


def test_undo_restores_the_company_that_was_the_same(bank):
    same = (SameCompany("Banque armoricaine SA", bank.name),)
    changes = import_directory(table=read_table("list.csv", LIST.encode()), same_companies=same)

    undo_directory_import(import_record=changes.import_record)

    bank.refresh_from_db()
    assert bank.city == ""
    assert not bank.employments.exists()


def test_two_spellings_in_one_list_become_one_company():
    text = "company\nCaisse des Deux-Rives\nCaisse des Deux Rives SA\n"
    same = (SameCompany("Caisse des Deux Rives SA", "Caisse des Deux-Rives"),)

    import_directory(table=read_table("list.csv", text.encode()), same_companies=same)

    assert Company.objects.get().name == "Caisse des Deux-Rives"


def test_choice_of_a_company_that_is_gone_is_refused(bank):
    same = (SameCompany("Banque armoricaine SA", "Gone"),)

    with pytest.raises(InvalidRows) as refused:
        import_directory(table=read_table("list.csv", LIST.encode()), same_companies=same)

    assert refused.value.rows[0][0] == 2


def test_wrong_choice_can_be_changed_on_the_page_with_the_errors(client, bank):
    bank.siren = "732829320"
    bank.save()
    page = check_list(client, "company,siren\nBanque armoricaine SA,552100554\n")

    page = client.post(PATH, choose_same_company(page) | {"check": "1"})

    assert "has a different SIREN in the directory" in page.text
    assert html.fromstring(page.content).xpath("//select[@name='same_company']/option/@value")[0] == ""


@pytest.mark.parametrize("text", ["", "[", "[1, 2]", '["only one"]', "null", r'["\ud800", "x"]'])
def test_malformed_choice_is_a_new_company(text):
    assert decode_same_companies([text]) == ()


def test_names_that_stand_for_each_other_do_not_loop():
    choices = (SameCompany("A", "B"), SameCompany("B", "A"))

    assert set(index_same_companies(choices)) == {"a", "b"}
