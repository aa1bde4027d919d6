"""A list with errors: its correct rows are imported alone, and the others downloaded to be corrected."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import translation
from lxml import html

from convention.club.models import Company, DirectoryImport, Person
from convention.tables.files import read_table
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS
from tests.factories import make_administrator, make_company, make_member
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
IMPORT = "/en/organize/club/import/"
LIST = (
    "company,siren,first_name,last_name,email\n"
    "Lac,,Ali,Roi,ali@lac.example\n"
    "Lac,,Zoé,Roi,no address\n"
    "Rive,12,Ana,Roi,ana@rive.example\n"
    "Nuage,,Éva,Roi,eva@nuage.example\n"
)


@pytest.fixture
def client():
    return make_client(make_administrator())


def upload_list(client, text=LIST):
    file = SimpleUploadedFile("list.csv", text.encode())
    return html.fromstring(client.post(IMPORT, {"file": file, "check": "1"}).text)


def post_form(client, page, **fields):
    """Post the form of the columns as the page has it, with these fields."""
    inputs = page.xpath("//*[@name][@type='hidden'][ancestor::form[@id='columns'] or @form='columns']")
    values = {field.get("name"): field.get("value") for field in inputs}
    values["checked"] = page.xpath("//textarea[@name='checked']")[0].text
    for select in page.xpath("//form[@id='columns']//select"):
        values[select.get("name")] = select.value
    return client.post(IMPORT, {**values, **fields})


def preview_correct_rows(client, page):
    return html.fromstring(post_form(client, page, leave_out_errors="1").text)


def read_text(page):
    return " ".join(page.xpath("//main")[0].text_content().split())


def test_page_of_errors_offers_to_import_the_correct_rows(client):
    page = upload_list(client)

    assert page.xpath("//button[@name='leave_out_errors']/text()") == ["Import only the 2 correct rows"]
    assert "Download the 2 rows with errors (XLSX)" in read_text(page)
    assert not Company.objects.exists()


def test_list_without_a_correct_row_offers_nothing(client):
    page = upload_list(client, "company,siren\nLac,12\n")

    assert not page.xpath("//button[@name='leave_out_errors']")
    assert "Download the row with errors (XLSX)" in read_text(page)


def test_list_without_errors_offers_nothing(client):
    page = upload_list(client, "company,city\nLac,Annecy\n")

    assert not page.xpath("//button[@name='leave_out_errors']")


def test_correct_rows_are_shown_before_they_are_imported(client):
    page = preview_correct_rows(client, upload_list(client))

    text = read_text(page)
    assert "2 rows with errors are left out" in text
    assert "2 rows are ready to import." in text
    assert "New companies: 2, people: 2" in text
    assert "Import these 2 rows" in text
    assert not Company.objects.exists()


def test_correct_rows_are_imported_alone(client):
    preview = preview_correct_rows(client, upload_list(client))

    answer = post_form(client, preview)

    assert answer["Location"] == "/en/organize/club/imports/"
    assert "2 rows with errors were not imported." in client.get(answer["Location"]).text
    assert sorted(Company.objects.values_list("name", flat=True)) == ["Lac", "Nuage"]
    assert sorted(Person.objects.filter(last_name="Roi").values_list("first_name", flat=True)) == [
        "Ali",
        "Éva",
    ]
    assert DirectoryImport.objects.get().created_count == 2


def test_rows_with_errors_can_be_downloaded_from_their_preview(client):
    preview = preview_correct_rows(client, upload_list(client))

    answer = post_form(client, preview, errors="csv")

    table = read_table("errors.csv", answer.content)
    assert table.header == ["Row", "Error", "company", "siren", "first_name", "last_name", "email"]
    assert [(cells[0], cells[2]) for _number, cells in table.rows] == [("3", "Lac"), ("4", "Rive")]
    assert not Company.objects.exists()


def test_downloaded_rows_are_imported_once_they_are_corrected(client):
    page = upload_list(client)
    errors = post_form(client, page, errors="csv").content.decode("utf-8-sig")
    post_form(client, preview_correct_rows(client, page))

    corrected = errors.replace("no address", "zoe@lac.example").replace("Rive,12", "Rive,732829320")
    post_form(client, upload_list(client, corrected))

    assert Person.objects.filter(last_name="Roi").count() == 4
    assert Company.objects.get(name="Rive").siren == "732829320"


def test_correct_row_that_depends_on_a_wrong_one_is_left_out_with_it(client):
    text = (
        "company,siren,email,first_name,last_name\n"
        "Lac,732829320,no address,Zoé,Roi\n"
        ",732829320,ali@lac.example,Ali,Roi\n"
        "Nuage,,eva@nuage.example,Éva,Roi\n"
    )

    page = upload_list(client, text)

    assert page.xpath("//button[@name='leave_out_errors']/text()") == ["Import only the correct row"]
    assert "Row 3: This row depends on a row with errors." in read_text(page)


def test_changed_column_is_checked_before_the_correct_rows_are_imported(client):
    preview = preview_correct_rows(client, upload_list(client))

    page = html.fromstring(post_form(client, preview, **{"column-1": ""}).text)

    assert "3 rows are ready to import." in read_text(page)
    assert not Company.objects.exists()


def test_error_that_came_since_the_preview_stores_nothing(client):
    preview = preview_correct_rows(client, upload_list(client))
    Person.objects.create_user(email="ali@lac.example", first_name="Ali", last_name="Autre", is_active=False)

    page = html.fromstring(post_form(client, preview).text)

    assert "account is closed" in read_text(page)
    assert not Company.objects.exists()


@pytest.mark.parametrize("numbers", ["3 x 4", "9" * 5000, "-3", "3,4", "٣"])
def test_invented_row_numbers_import_no_row_with_errors(client, numbers):
    preview = preview_correct_rows(client, upload_list(client))

    post_form(client, preview, left_out_rows=numbers)

    assert not Company.objects.filter(name="Rive", siren="12").exists()
    assert not Person.objects.filter(email="no address").exists()


def test_long_list_is_imported_in_the_background_without_its_wrong_rows(client, run_tasks):
    rows = "".join(f"Nuage,,Zoé,Roi {n},zoe{n}@nuage.example\n" for n in range(MAX_IMMEDIATE_ROWS))
    preview = preview_correct_rows(client, upload_list(client, LIST + rows))

    post_form(client, preview)
    run_tasks()

    assert Person.objects.filter(email__endswith="@nuage.example").count() == MAX_IMMEDIATE_ROWS + 1
    assert not Company.objects.filter(name="Rive").exists()


def test_command_imports_the_correct_rows_and_reports_the_others(tmp_path, capsys):
    file = tmp_path / "list.csv"
    file.write_text(LIST)

    with translation.override("en"):
        call_command("club_import", file, skip_errors=True)

    output = capsys.readouterr()
    assert "New companies: 2, people: 2" in output.out
    assert "Left out: Row 4: Not a valid SIREN." in output.err
    assert sorted(Company.objects.values_list("name", flat=True)) == ["Lac", "Nuage"]


def test_command_refuses_a_list_without_a_correct_row(tmp_path, capsys):
    file = tmp_path / "list.csv"
    file.write_text("company,siren\nLac,12\n")

    with translation.override("en"), pytest.raises(SystemExit):
        call_command("club_import", file, skip_errors=True)

    assert "Row 2: Not a valid SIREN." in capsys.readouterr().err


def test_button_counts_only_the_rows_that_are_imported(client):
    make_member(make_company(name="Dune"), email="ana@nuage.example")
    rows = f"{LIST}Nuage,,Ana,Roi,ana@nuage.example\n"

    preview = preview_correct_rows(client, upload_list(client, rows))

    assert "2 rows are ready to import." in read_text(preview)
    assert "Import these 2 rows" in read_text(preview)
    assert "Rows left out: 1." in read_text(preview)


def test_list_of_rows_to_leave_out_has_no_button_to_import_it(client):
    make_member(make_company(name="Dune"), email="ana@nuage.example")
    rows = "company,siren,first_name,last_name,email\nRive,12,Ana,Roi,\nNuage,,Ana,Roi,ana@nuage.example\n"

    preview = preview_correct_rows(client, upload_list(client, rows))

    assert "No row is ready to import." in read_text(preview)
    assert [button.get("name") for button in preview.xpath("//form[@id='columns']//button")] == [
        "check",
        "errors",
        "errors",
    ]
