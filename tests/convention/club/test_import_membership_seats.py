"""Seats in a list of companies whose memberships follow present ones: given, replaced and restored."""

import pytest
from django.utils import translation

from convention.club.directory_import.import_directory import import_directory, preview_directory_import
from convention.club.directory_import.undo import undo_directory_import
from convention.club.downloads import CLUB_LISTS
from convention.club.models import Employment, Plan, Seat
from convention.tables.files import read_table
from tests.convention.club.objects import in_days
from tests.factories import START_OF_2020, make_company, make_member, make_membership, make_secretary
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
SEAT_HEADER = "company,plan,member from,confirmed on,last name,email,seat"


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def plan():
    return Plan.objects.create(slug="or", name="Or", seats=5)


@pytest.fixture
def lake():
    return make_company(name="Lac", role=None)


def make_table(*rows, header):
    return read_table("list.csv", "\n".join([header, *rows, ""]).encode())


def import_rows(*rows, header):
    return import_directory(table=make_table(*rows, header=header))


def test_present_holder_gets_a_seat_in_a_membership_of_the_list_that_follows(lake):
    make_membership(lake, ends_on=in_days(30), grace_until=in_days(60))
    person = make_member(lake, email="roi@lac.example", last_name="Roi")
    row = f"Lac,Or,{in_days(31)},2026-01-01,Roi,roi@lac.example,yes"

    preview = preview_directory_import(table=make_table(row, header=SEAT_HEADER)).changes
    import_rows(row, header=SEAT_HEADER)

    assert len(preview.created_rows["seat"]) == 1
    assert Seat.objects.granting_membership(at=in_days(31)).get(person=person).starts_on == in_days(31)
    assert person.seats.order_by("starts_on").first().ends_on == in_days(30)


def test_seat_of_a_list_replaces_that_of_a_grace_period(lake):
    make_membership(lake, ends_on=in_days(-10), grace_until=in_days(20))
    person = make_member(lake, email="roi@lac.example", last_name="Roi")

    import_rows(f"Lac,Or,{in_days(-9)},{in_days(-9)},Roi,roi@lac.example,yes", header=SEAT_HEADER)

    assert Seat.objects.granting_membership().get(person=person).membership.plan_name == "Or"


def test_seats_in_two_memberships_of_a_list_follow_each_other(lake):
    rows = [
        f"Lac,Or,2026-01-01,{in_days(30)},2026-01-01,,,",
        f"Lac,Or,{in_days(31)},,2026-01-01,Roi,roi@lac.example,yes",
    ]

    import_rows(*rows, header="company,plan,member from,member until,confirmed on,last name,email,seat")

    days = Seat.objects.order_by("starts_on").values_list("starts_on", "ends_on")
    assert list(days) == [(in_days(0), in_days(30)), (in_days(31), None)]


def test_list_without_memberships_gives_no_seat_in_the_next_one_to_present_holders(lake):
    make_membership(lake, ends_on=in_days(30))
    person = make_member(lake, email="roi@lac.example", last_name="Roi")
    make_membership(lake, starts_on=in_days(31))

    import_rows("Lac,Roi,roi@lac.example,yes", header="company,last name,email,seat")

    assert person.seats.count() == 1


def test_undo_restores_the_seats_that_a_list_replaced(lake):
    make_membership(lake, ends_on=in_days(30))
    person = make_member(lake, email="roi@lac.example", last_name="Roi")
    done = import_rows(f"Lac,Or,{in_days(31)},2026-01-01,Roi,roi@lac.example,yes", header=SEAT_HEADER)

    undo_directory_import(import_record=done.import_record)

    assert person.seats.get().ends_on is None


def test_undo_leaves_the_earlier_seat_if_the_new_one_stays(lake):
    make_membership(lake, ends_on=in_days(30))
    person = make_member(lake, email="roi@lac.example", last_name="Roi")
    done = import_rows(f"Lac,Or,{in_days(31)},2026-01-01,Roi,roi@lac.example,yes", header=SEAT_HEADER)
    person.seats.filter(starts_on=in_days(31)).update(ends_on=in_days(50))

    undo = undo_directory_import(import_record=done.import_record)

    assert "this person’s new seat stays" in {reason for _kind, _pk, reason in undo.skipped_rows}
    assert person.seats.order_by("starts_on").first().ends_on == in_days(30)


@pytest.mark.parametrize("prefix", ["/en", ""])
def test_importing_the_downloaded_list_of_seats_changes_nothing(lake, prefix):
    make_membership(lake)
    make_member(lake, first_name="Zoé", last_name="Le Roi")
    former = make_member(lake, first_name="Ali", last_name="Roi")
    former.employments.update(ends_on=in_days(-40))
    former.seats.update(starts_on=in_days(-90), ends_on=in_days(-60))
    client = make_client(make_secretary())

    answer = client.get(f"{prefix}/organize/club/lists/seats.csv")
    done = import_directory(table=read_table("seats.csv", answer.content))

    assert done.unchanged_row_count == 2
    assert len(done.ignored_columns) == 2
    assert Employment.objects.count() == 2


def test_downloaded_list_of_seats_has_the_days_of_job_and_seat(lake):
    make_membership(lake)
    person = make_member(lake, first_name="Zoé", last_name="Roi", email="roi@lac.example")
    person.seats.update(ends_on=in_days(9))

    [row] = CLUB_LISTS["seats"]().rows

    names = ["Lac", "", "Zoé", "Roi", "roi@lac.example"]
    assert row == [*names, START_OF_2020, "", START_OF_2020, in_days(9)]
