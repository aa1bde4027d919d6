"""A list whose new companies have no membership yet is imported without their seats, if the user says so."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from lxml import html

from convention.club.models import Company, Person, Seat
from convention.club.permissions import get_member_company
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS
from tests.factories import make_administrator, make_company
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
IMPORT = "/en/organize/club/import/"
LIST = (
    "company,first_name,last_name,email,seat\n"
    "Lac,Ali,Roi,ali@lac.example,yes\n"
    "Nouvelle,Zoé,Roi,zoe@nouvelle.example,yes\n"
)


@pytest.fixture
def client():
    return make_client(make_administrator())


@pytest.fixture
def lake():
    return make_company(name="Lac")


def check_list(client, text=LIST, **fields):
    upload = SimpleUploadedFile("list.csv", text.encode())
    return html.fromstring(client.post(IMPORT, {"file": upload, "check": "1", **fields}).text)


def post_columns(client, page, **fields):
    """Post the form of the columns with its hidden fields and choices, and these fields."""
    inputs = page.xpath("//*[@name][@type='hidden'][ancestor::form[@id='columns'] or @form='columns']")
    values = {field.get("name"): field.get("value") for field in inputs}
    values["checked"] = page.xpath("//textarea[@name='checked']")[0].text
    for select in page.xpath("//form[@id='columns']//select"):
        values[select.get("name")] = select.value
    return client.post(IMPORT, {**values, **fields})


def read_text(page):
    return " ".join(page.xpath("//main")[0].text_content().split())


def test_error_of_a_new_company_offers_to_leave_its_seats_out(client, lake):
    page = check_list(client)

    assert "Leave these seats out, or confirm a membership first." in read_text(page)
    assert page.xpath("//input[@name='skip_seats'][@form='columns'][not(@checked)]")


def test_list_without_a_column_of_seats_offers_nothing(client):
    page = check_list(client, "company,city\nNouvelle,Annecy\n")

    assert not page.xpath("//input[@name='skip_seats']")


def test_people_are_imported_without_the_seats_left_out(client, lake):
    page = check_list(client)

    preview = html.fromstring(post_columns(client, page, skip_seats="1", check="1").text)
    post_columns(client, preview, skip_seats="1")

    zoe = Person.objects.get(email="zoe@nouvelle.example")
    assert "No seat, because the company has no membership:Zoé Roi, Nouvelle" in read_text(preview)
    assert zoe.employments.get().company == Company.objects.get(name="Nouvelle")
    assert get_member_company(zoe) is None
    assert get_member_company(Person.objects.get(email="ali@lac.example")) == lake


def test_changed_choice_of_seats_is_checked_again_before_the_import(client, lake):
    preview = html.fromstring(post_columns(client, check_list(client), skip_seats="1", check="1").text)

    page = html.fromstring(post_columns(client, preview).text)

    assert "confirm a membership first." in read_text(page)
    assert not Person.objects.filter(email="zoe@nouvelle.example").exists()


def test_long_list_is_imported_without_the_seats_left_out(client, lake, run_tasks):
    rows = "".join(f"Nouvelle,Zoé,Roi {n},zoe{n}@nouvelle.example,yes\n" for n in range(MAX_IMMEDIATE_ROWS))
    page = check_list(client, LIST + rows)

    preview = html.fromstring(post_columns(client, page, skip_seats="1", check="1").text)
    post_columns(client, preview, skip_seats="1")
    run_tasks()

    assert Person.objects.filter(email__endswith="@nouvelle.example").count() == MAX_IMMEDIATE_ROWS + 1
    assert Seat.objects.count() == 1
