"""The pages that import memberships in a list: preview, confirmation of the memberships, and a long list."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation
from lxml import html

from convention.club.memberships import create_membership
from convention.club.models import Membership, Plan
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS
from tests.convention.club.test_import_correct_rows import post_form, preview_correct_rows, read_text
from tests.factories import make_company, make_membership, make_secretary
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
IMPORT = "/en/organize/club/import/"
DAY = datetime.date
HEADER = "company,membership plan,member from,member until,seats,extra seats,dues,confirmed on"


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def plan():
    return Plan.objects.create(slug="or", name="Or", name_en="Gold", seats=5, dues_cents=480_000)


@pytest.fixture
def lake():
    return make_company(name="Lac", role=None)


@pytest.fixture
def client() -> Client:
    return make_client(make_secretary())


def upload_rows(client, *rows, header=HEADER):
    file = SimpleUploadedFile("list.csv", "\n".join([header, *rows, ""]).encode())
    return html.fromstring(client.post(IMPORT, {"file": file, "check": "1"}).text)


def read_table_rows(page, summary):
    return [
        [" ".join(cell.text_content().split()) for cell in row]
        for row in page.xpath(f"//details[summary[contains(., '{summary}')]]/table/tbody/tr")
    ]


def test_preview_shows_the_new_memberships(client, lake):
    page = upload_rows(client, "Lac,Or,2027-01-01,2027-12-31,,1,,", "Rive,Or,2026-01-01,,,,,2026-01-15")

    assert read_table_rows(page, "New memberships") == [
        ["Lac", "Gold", "from 1 January 2027 to 31 December 2027", "6", "€4,800", "draft"],
        ["Rive", "Gold", "from 1 January 2026", "5", "€4,800", "confirmed on 15 January 2026"],
    ]
    assert not Membership.objects.exists()


def test_preview_shows_what_a_draft_becomes(client, lake, plan):
    create_membership(company=lake, plan=plan, starts_on=DAY(2026, 1, 1))

    page = upload_rows(client, "Lac,Or,2026-01-01,,,,100,2026-01-15")

    assert read_table_rows(page, "Changed details") == [
        ["Lac, Gold", "Dues, in euros", "€4,800", "€100"],
        ["Lac, Gold", "Membership confirmed on", "(empty)", "15 January 2026"],
    ]


def test_preview_shows_where_the_list_differs_from_a_confirmed_membership(client, lake, plan):
    membership = make_membership(lake, plan=plan, plan_name="Or", plan_name_en="Gold", dues_cents=480_000)

    page = upload_rows(client, "Lac,Or,2020-01-01,,,,100,")

    [row] = page.xpath("//div[h2[contains(., 'Memberships that stay as they are')]]//tbody/tr")
    assert [cell.text_content() for cell in row] == ["Lac, Gold", "Dues, in euros", "€4,800", "€100"]
    assert row.xpath(".//a/@href") == [
        f"/en/organize/club/companies/{lake.slug}/memberships/{membership.pk}/"
    ]


def test_ticked_box_confirms_the_memberships_after_another_preview(client, lake):
    page = upload_rows(client, "Lac,Or,2026-01-01,,,,,")

    preview = html.fromstring(post_form(client, page, confirm_memberships="1").text)
    state_before = Membership.objects.count()
    post_form(client, preview, confirm_memberships="1")

    assert "1 confirmed." in read_text(preview)
    assert state_before == 0
    assert lake.memberships.get().state == "active"


def test_list_without_columns_of_memberships_has_no_box(client):
    page = upload_rows(client, "Lac,Annecy", header="company,city")

    assert not page.xpath("//input[@name='confirm_memberships']")


def test_long_list_is_confirmed_in_the_background(client, run_tasks):
    rows = [f"Société {n},Or,2026-01-01,,,,," for n in range(MAX_IMMEDIATE_ROWS + 1)]
    page = upload_rows(client, *rows)
    preview = html.fromstring(post_form(client, page, confirm_memberships="1").text)

    post_form(client, preview, confirm_memberships="1")
    run_tasks()

    assert Membership.objects.exclude(confirmed_on=None).count() == MAX_IMMEDIATE_ROWS + 1


def test_companies_with_wrong_memberships_are_left_out_alone(client):
    page = upload_rows(client, "Lac,Or,2026-01-01,,,,,", "Rive,Argent,2026-01-01,,,,,")

    post_form(client, preview_correct_rows(client, page))

    assert Membership.objects.get().company.name == "Lac"
