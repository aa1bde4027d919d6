"""New memberships of a list without an end date: the preview warns, and one last day is chosen for all."""

import datetime
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import translation
from lxml import html

from convention.club.directory_import.import_directory import import_directory
from convention.club.memberships import create_membership
from convention.club.models import Membership, Plan
from convention.tables.files import read_table
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS
from tests.convention.club.test_import_correct_rows import post_form, read_text
from tests.factories import make_company, make_membership, make_secretary
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
IMPORT = "/en/organize/club/import/"
DAY = datetime.date
HEADER = "company,membership plan,member from,member until"
LAST_DAY = DAY(2027, 12, 31)
WITHOUT_END = ("Lac,Or,2026-12-01,", "Rive,Or,2026-12-01,", "Nuage,Or,2026-12-01,2028-06-30")


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def plan():
    return Plan.objects.create(slug="or", name="Or", name_en="Gold", seats=5, dues_cents=480_000)


@pytest.fixture
def usual_day():
    """Let most of the club's memberships end on `LAST_DAY`."""
    make_membership(make_company(name="Dune", role=None), ends_on=LAST_DAY)


@pytest.fixture
def client():
    return make_client(make_secretary())


def make_table(*rows):
    return read_table("list.csv", "\n".join([HEADER, *rows, ""]).encode())


def upload_rows(client, *rows):
    file = SimpleUploadedFile("list.csv", "\n".join([HEADER, *rows, ""]).encode())
    return html.fromstring(client.post(IMPORT, {"file": file, "check": "1"}).text)


def find_field(page):
    """Return the value of the field for the last day; None if the page has no such field."""
    fields = page.xpath("//input[@name='default_ends_on'][@form='columns']")
    return fields[0].get("value", "") if fields else None


def list_last_days(*names):
    return [Membership.objects.get(company__name=name).ends_on for name in names]


def test_preview_warns_of_memberships_that_never_come_up_for_renewal(client, usual_day):
    page = upload_rows(client, *WITHOUT_END)

    assert "2 new memberships have no end date" in read_text(page)
    assert page.xpath("//button[@name='proposed_ends_on'][@form='columns']/text()") == [
        "End them on 31\N{NO-BREAK SPACE}December\N{NO-BREAK SPACE}2027"
    ]
    assert find_field(page) == ""


def test_preview_without_such_a_membership_has_no_field(client, usual_day):
    page = upload_rows(client, "Lac,Or,2026-12-01,2027-12-31")

    assert "no end date" not in re.sub(r"File format.*", "", read_text(page))
    assert find_field(page) is None


def test_club_without_a_usual_last_day_gets_the_field_alone(client):
    page = upload_rows(client, *WITHOUT_END)

    assert not page.xpath("//button[@name='proposed_ends_on']")
    assert find_field(page) == ""


@pytest.mark.parametrize(
    ("starts_on", "proposed"), [("2028-01-01", "2028-12-31"), ("2027-12-31", "2027-12-31")]
)
def test_proposed_day_is_not_before_the_memberships_begin(client, usual_day, starts_on, proposed):
    page = upload_rows(client, "Lac,Or,2026-12-01,", f"Rive,Or,{starts_on},")

    assert page.xpath("//button[@name='proposed_ends_on']/@value") == [proposed]


def test_proposed_day_is_previewed_then_imported(client, usual_day):
    page = upload_rows(client, *WITHOUT_END)

    preview = html.fromstring(post_form(client, page, proposed_ends_on="2027-12-31").text)
    count_before = Membership.objects.count()
    post_form(client, preview, default_ends_on=find_field(preview))

    assert count_before == 1
    assert find_field(preview) == "2027-12-31"
    assert "from 1 December 2026 to 31 December 2027" in read_text(preview)
    assert "new memberships have no end date" not in read_text(preview)
    assert list_last_days("Lac", "Rive", "Nuage") == [LAST_DAY, LAST_DAY, DAY(2028, 6, 30)]


def test_another_day_is_entered_and_removed_again(client, usual_day):
    page = upload_rows(client, *WITHOUT_END)

    entered = html.fromstring(post_form(client, page, default_ends_on="2027-06-30").text)
    emptied = html.fromstring(post_form(client, entered, default_ends_on="").text)

    assert "from 1 December 2026 to 30 June 2027" in read_text(entered)
    assert "2 new memberships have no end date" in read_text(emptied)
    assert not Membership.objects.filter(company__name="Lac").exists()


def test_list_is_imported_without_a_last_day_if_none_is_chosen(client, usual_day):
    post_form(client, upload_rows(client, *WITHOUT_END), default_ends_on="")

    assert list_last_days("Lac", "Rive") == [None, None]


@pytest.mark.parametrize("text", ["0026-12-31", "someday", "\x00", "2027-02-30"])
def test_day_that_cannot_be_meant_is_refused_and_nothing_is_imported(client, text):
    answer = post_form(client, upload_rows(client, *WITHOUT_END), default_ends_on=text)

    page = html.fromstring(answer.text)
    assert answer.status_code == 200
    assert page.xpath("//input[@name='default_ends_on']/@aria-invalid") == ["true"]
    assert not Membership.objects.exists()


def test_long_list_gets_the_last_day_in_the_background(client, run_tasks):
    rows = [f"Société {number},Or,2026-12-01," for number in range(MAX_IMMEDIATE_ROWS + 1)]
    preview = post_form(client, upload_rows(client, *rows), proposed_ends_on="2027-12-31").text

    post_form(client, html.fromstring(preview), default_ends_on="2027-12-31")
    run_tasks()

    assert Membership.objects.filter(ends_on=LAST_DAY).count() == MAX_IMMEDIATE_ROWS + 1


def test_second_import_of_the_list_changes_nothing():
    import_directory(table=make_table(*WITHOUT_END), default_ends_on=LAST_DAY)

    changes = import_directory(table=make_table(*WITHOUT_END), default_ends_on=DAY(2029, 12, 31))

    assert changes.unchanged_row_count == 3
    assert list_last_days("Lac", "Rive") == [LAST_DAY, LAST_DAY]


def test_draft_of_the_directory_keeps_its_days(plan):
    create_membership(company=make_company(name="Lac", role=None), plan=plan, starts_on=DAY(2026, 12, 1))

    import_directory(table=make_table("Lac,Or,2026-12-01,"), default_ends_on=LAST_DAY)

    assert list_last_days("Lac") == [None]


def test_membership_that_begins_after_the_day_has_no_end():
    changes = import_directory(table=make_table("Lac,Or,2028-01-01,"), default_ends_on=LAST_DAY)

    assert list_last_days("Lac") == [None]
    assert len(changes.endless_memberships) == 1


def test_membership_that_the_day_ends_is_not_taken_for_a_later_one():
    lake = make_company(name="Lac", role=None)
    make_membership(lake, starts_on=DAY(2028, 1, 1), ends_on=DAY(2028, 12, 31))

    import_directory(table=make_table("Lac,Or,2026-12-01,"), default_ends_on=LAST_DAY)

    assert lake.memberships.count() == 2


def test_command_sets_the_last_day_or_says_that_there_is_none(tmp_path, capsys):
    file = tmp_path / "list.csv"
    file.write_text("\n".join([HEADER, *WITHOUT_END]))

    call_command("club_import", file, dry_run=True)
    call_command("club_import", str(file), "--member-until", "2027-12-31")

    assert "2 new memberships have no end date" in capsys.readouterr().err
    assert list_last_days("Lac", "Rive") == [LAST_DAY, LAST_DAY]
