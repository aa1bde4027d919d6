"""Memberships in a list of companies: created, confirmed, compared, exported again and undone."""

import datetime
from functools import partial

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation

from convention.audit.models import AuditEntry
from convention.club.directory_import.changes import DirectoryChanges
from convention.club.directory_import.columns import guess_columns
from convention.club.directory_import.import_directory import import_directory, preview_directory_import
from convention.club.directory_import.listed_memberships import NewMemberships
from convention.club.directory_import.undo import undo_directory_import
from convention.club.memberships import confirm_membership, create_membership, renew_membership
from convention.club.models import Company, Membership, Person, Plan, Seat
from convention.club.permissions import get_member_company
from convention.club.seats import give_seat
from convention.tables.files import read_table
from convention.tables.row_errors import InvalidRows
from tests.factories import (
    START_OF_2020,
    make_company,
    make_member,
    make_membership,
    make_secretary,
)
from tests.site_objects import make_client
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
DAY = datetime.date
HEADER = "company,membership plan,member from,member until,seats,extra seats,dues,confirmed on"


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def plan():
    return Plan.objects.create(slug="or", name="Or", name_en="Gold", seats=5, dues_cents=480_000, votes=2)


@pytest.fixture
def lake():
    return make_company(name="Lac", role=None)


@pytest.fixture
def client() -> Client:
    return make_client(make_secretary())


def make_table(*rows, header=HEADER):
    return read_table("list.csv", "\n".join([header, *rows, ""]).encode())


def import_rows(*rows, header=HEADER, **options):
    return import_directory(table=make_table(*rows, header=header), **options)


def find_errors(*rows, header=HEADER):
    with pytest.raises(InvalidRows) as error:
        preview_directory_import(table=make_table(*rows, header=header))
    return error.value.rows


def preview_rows(*rows, header=HEADER, **options):
    return preview_directory_import(table=make_table(*rows, header=header), **options).changes


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Formule d’adhésion", "plan"),
        ("Début d’adhésion", "member_from"),
        ("Fin d’adhésion", "member_until"),
        ("Sièges compris", "included_seats"),
        ("Nombre de sièges", "included_seats"),
        ("Siège", "seat"),
        ("Sièges supplémentaires", "extra_seats"),
        ("Cotisation, en euros", "dues"),
        ("Adhésion confirmée le", "confirmed_on"),
    ],
)
def test_french_heading_is_recognized(heading, field):
    assert guess_columns([heading]) == [field]


def test_new_membership_has_the_terms_of_its_plan_and_those_of_the_list(lake):
    import_rows('Lac,Gold,01/01/2027,31/12/2027,8,2,"1 200,50 €",')

    membership = lake.memberships.get()
    assert membership.plan_name == "Or"
    assert (membership.starts_on, membership.ends_on) == (DAY(2027, 1, 1), DAY(2027, 12, 31))
    assert membership.seats == 8
    assert membership.extra_seats == 2
    assert membership.dues_cents == 120_050
    assert membership.votes == 2
    assert membership.state == "draft"


def test_terms_that_the_list_leaves_empty_come_from_the_plan():
    import_rows("Nouvelle,or,2026-01-01,,,,,")

    membership = Company.objects.get(name="Nouvelle").memberships.get()
    assert membership.ends_on is None
    assert membership.seats == 5
    assert membership.dues_cents == 480_000


def test_confirmation_date_of_the_list_confirms_the_membership(lake):
    import_rows("Lac,Or,2026-01-01,,,,,2026-01-15")

    membership = lake.memberships.get()
    assert membership.confirmed_on == DAY(2026, 1, 15)
    assert membership.submitted_on == DAY(2026, 1, 15)
    assert membership.state == "active"
    verbs = AuditEntry.objects.values_list("verb", flat=True)
    assert {"membership.draft", "membership.confirm", "directory.import"} <= set(verbs)


def test_memberships_without_a_date_are_confirmed_today_if_that_is_chosen(lake):
    done = import_rows("Lac,Or,2026-01-01,,,,,", new_memberships=NewMemberships.CONFIRM)

    assert lake.memberships.get().confirmed_on == timezone.localdate()
    assert "Memberships: 1 new, 0 drafts updated, 1 confirmed." in str(done)


def test_people_of_the_list_get_seats_in_its_memberships():
    import_rows(
        "Nouvelle,Or,2026-01-01,,2,2026-01-01,Zoé,Roi,zoe@nouvelle.example,yes",
        "Nouvelle,Or,2026-01-01,,2,2026-01-01,Ali,Roi,ali@nouvelle.example,yes",
        header="company,plan,member from,member until,seats,confirmed on,first name,last name,email,seat",
    )

    company = Company.objects.get(name="Nouvelle")
    assert company.memberships.count() == 1
    assert get_member_company(Person.objects.get(email="ali@nouvelle.example")) == company


def test_preview_counts_the_seats_of_memberships_in_the_list():
    header = "company,plan,member from,seats,confirmed on,last name,email,seat"
    rows = [f"Nouvelle,Or,2026-01-01,2,2026-01-01,Roi {n},r{n}@nouvelle.example,yes" for n in range(3)]

    errors = find_errors(*rows, header=header)

    assert [number for number, _sentence in errors] == [4]
    assert "All 2 seats of this membership are in use." in errors[0][1]


def test_preview_of_a_draft_in_the_list_gives_no_seats(lake):
    header = "company,plan,member from,last name,email,seat"

    errors = find_errors("Lac,Or,2026-01-01,Roi,roi@lac.example,yes", header=header)

    assert errors[0][1].startswith("The membership of Lac is a draft, so there are no seats to give.")


def test_seat_in_a_membership_that_begins_later_begins_with_it(lake):
    begins_on = timezone.localdate() + datetime.timedelta(days=30)
    header = "company,plan,member from,confirmed on,last name,email,seat"

    import_rows(f"Lac,Or,{begins_on},{timezone.localdate()},Roi,roi@lac.example,yes", header=header)

    assert Seat.objects.get().starts_on == begins_on


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ("Argent,2027-01-01,,,,,", "“Argent” is not a known value. Choose one of: Gold."),
        (",2027-01-01,,,,,", "Enter the plan of the new membership."),
        ("Or,,,,,,", "Enter the first day of the new membership."),
        ("Or,soon,,,,,", "“soon” is not a date."),
        ("Or,2027-01-01,2026-12-31,,,,", "must not end before it begins"),
        ("Or,2027-01-01,9999-12-31,,,,", "Leave the cell empty if there is no end date."),
        ("Or,2027-01-01,,five,,,", "“five” is not a number of seats"),
        ("Or,2027-01-01,,2.5,,,", "“2.5” is not a number of seats"),
        ("Or,2027-01-01,,-1,,,", "“-1” is not a number of seats"),
        ("Or,2027-01-01,,,99999999999,,", "is not a number of seats"),
        ("Or,2027-01-01,,2147483647,,,", "Seats included: at most 10,000."),
        ("Or,2027-01-01,,,10001,,", "Extra seats: at most 10,000."),
        ("Or,2027-01-01,,,,1000000.01,", "Dues, in euros: at most €1,000,000."),
        ("Or,2027-01-01,,,,free,", "“free” is not a clear amount"),
        ("Or,2027-01-01,,,,1.200,", "“1.200” is not a clear amount"),
        ("Or,2027-01-01,,,,-5,", "“-5” is not a clear amount"),
        ("Or,2027-01-01,,,,,2999-01-01", "cannot have been confirmed on a future day"),
    ],
)
def test_error_of_a_membership_names_its_reason(lake, cells, sentence):
    [(number, found)] = find_errors(f"Lac,{cells}")

    assert number == 2
    assert sentence in found


def test_plan_that_is_no_longer_offered_is_refused(lake, plan):
    Plan.objects.filter(pk=plan.pk).update(is_offered=False)

    [(_number, sentence)] = find_errors("Lac,Or,2027-01-01,,,,,")

    assert sentence == "The plan “Gold” is closed to new memberships."


def test_merged_company_gets_no_new_membership(lake):
    Company.objects.filter(pk=lake.pk).update(parent=make_company(), merged_on=timezone.localdate())

    [(_number, sentence)] = find_errors("Lac,Or,2027-01-01,,,,,")

    assert sentence == "“Lac” has merged into another company and gets no new membership."


def test_memberships_of_the_list_that_overlap_are_refused(lake):
    [(number, sentence)] = find_errors("Lac,Or,2027-01-01,,,,,", "Lac,Or,2027-06-01,,,,,")

    assert number == 3
    assert sentence == "Another membership of this company runs from 1\xa0January\xa02027 onwards."


def test_rows_that_contradict_each_other_are_refused(lake):
    [(number, sentence)] = find_errors("Lac,Or,2027-01-01,,5,,,", "Lac,Or,2027-01-01,,6,,,")

    assert number == 3
    assert sentence == "Row 2 says something else about this membership of the company."


def test_two_memberships_that_follow_each_other_are_imported(lake):
    import_rows("Lac,Or,2026-01-01,2026-12-31,,,,2026-01-01", "Lac,Or,2027-01-01,2027-12-31,,,,")

    assert [row.state for row in lake.memberships.order_by("starts_on")] == ["active", "draft"]


def test_draft_is_updated_and_confirmed(lake, plan):
    create_membership(company=lake, plan=plan, starts_on=DAY(2026, 1, 1))

    done = import_rows("Lac,Or,2026-01-01,2026-12-31,9,,100,2026-01-01")

    membership = lake.memberships.get()
    assert membership.ends_on == DAY(2026, 12, 31)
    assert membership.seats == 9
    assert membership.dues_cents == 10_000
    assert membership.confirmed_on == DAY(2026, 1, 1)
    assert done.changed_row_count == 1


def test_draft_does_not_get_fewer_seats_than_are_held(lake, plan):
    membership = make_membership(lake, plan=plan, ends_on=DAY(2026, 12, 31), confirmed_on=DAY(2026, 1, 1))
    make_member(lake)
    make_member(lake)
    renewal = renew_membership(membership=membership, plan=plan, ends_on=None)

    [(_number, sentence)] = find_errors(f"Lac,Or,{renewal.starts_on},,1,,,")

    assert sentence == "2 seats are in use. Withdraw some of them first."


def test_confirmed_membership_is_reported_and_not_changed(lake, plan):
    make_membership(lake, plan=plan, dues_cents=480_000, seats=5)
    other = Plan.objects.create(slug="argent", name="Argent")

    done = import_rows(f"Lac,{other.name},2020-01-01,2026-12-31,6,,5000,2020-01-01")

    membership = lake.memberships.get()
    assert (membership.plan, membership.ends_on, membership.seats) == (plan, None, 5)
    assert membership.dues_cents == 480_000
    assert [one.field_name for one in done.membership_differences] == [
        "plan",
        "ends_on",
        "seats",
        "dues_cents",
    ]
    assert done.unchanged_row_count == 1


def test_list_with_other_days_than_a_confirmed_membership_is_reported(lake, plan):
    make_membership(lake, plan=plan)

    done = import_rows("Lac,Or,2026-06-01,,,,,")

    assert [one.field_name for one in done.membership_differences] == ["starts_on"]
    assert lake.memberships.count() == 1


def test_rows_of_people_report_a_difference_once(lake, plan):
    make_membership(lake, plan=plan)

    changes = preview_rows(
        "Lac,2021-01-01,Zoé,Roi",
        "Lac,2021-01-01,Ali,Roi",
        header="company,member until,first name,last name",
    )

    assert len(changes.membership_differences) == 1


def test_draft_under_another_plan_is_reported_and_not_confirmed(lake, plan):
    create_membership(company=lake, plan=plan, starts_on=DAY(2026, 1, 1))
    Plan.objects.create(slug="argent", name="Argent")

    done = import_rows("Lac,Argent,2026-01-01,,,,,2026-01-01")

    assert lake.memberships.get().state == "draft"
    assert [one.field_name for one in done.membership_differences] == ["plan", "confirmed_on"]


@pytest.mark.parametrize("name", ["companies", "memberships"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_importing_a_downloaded_list_changes_nothing(client, lake, plan, name, kind):
    make_membership(
        lake, plan=plan, plan_name="Or", dues_cents=123_456, extra_seats=2, ends_on=DAY(2029, 1, 1)
    )
    create_membership(company=make_company(name="Rive", role="vendor"), plan=plan, starts_on=DAY(2027, 1, 1))
    Company.objects.filter(pk=lake.pk).update(siren="732829320", city="Annecy", postcode="01000")

    answer = client.get(f"/en/organize/club/lists/{name}.{kind}")
    done = import_directory(table=read_table(f"list.{kind}", answer.content))

    assert done.unchanged_row_count == 2
    assert done.membership_differences == []
    assert done.import_record.created_keys == {}


def test_downloaded_list_is_imported_after_a_plan_got_another_name(client, lake, plan):
    create_membership(company=lake, plan=plan, starts_on=DAY(2027, 1, 1))
    Plan.objects.filter(pk=plan.pk).update(name="Platine", name_en="Platinum")

    content = client.get("/en/organize/club/lists/memberships.csv").content
    done = import_directory(table=read_table("list.csv", content))

    assert done.unchanged_row_count == 1


def test_downloaded_list_of_companies_creates_the_memberships_of_another_directory(client, lake, plan):
    make_membership(lake, plan=plan, dues_cents=123_456, extra_seats=2, ends_on=DAY(2029, 1, 1))
    content = client.get("/en/organize/club/lists/companies.csv").content
    Membership.objects.all().delete()
    Company.objects.all().delete()

    import_directory(table=read_table("list.csv", content))

    membership = Membership.objects.get()
    assert membership.total_dues.amount == 123_456
    assert membership.seat_limit == 52
    assert membership.state == "active"


def test_undo_removes_new_memberships_and_restores_drafts(lake, plan):
    draft = create_membership(company=lake, plan=plan, starts_on=DAY(2026, 1, 1))
    done = import_rows(
        "Lac,Or,2026-01-01,,9,,,2026-01-01",
        "Nouvelle,Or,2026-01-01,,,,,2026-01-01",
    )

    undo = undo_directory_import(import_record=done.import_record)

    draft.refresh_from_db()
    assert draft.state == "draft"
    assert draft.seats == 5
    assert draft.submitted_on is None
    assert list(Membership.objects.all()) == [draft]
    assert not Company.objects.filter(name="Nouvelle").exists()
    assert undo.skipped_rows == []


def test_undo_removes_the_seats_of_a_new_membership_first(lake):
    done = import_rows(
        "Lac,Or,2026-01-01,2026-01-01,Roi,roi@lac.example,yes",
        header="company,plan,member from,confirmed on,last name,email,seat",
    )

    undo_directory_import(import_record=done.import_record)

    assert not Membership.objects.exists()
    assert not Seat.objects.exists()


def change_dues(membership):
    Membership.objects.filter(pk=membership.pk).update(dues_cents=1)


def change_votes(membership):
    Membership.objects.filter(pk=membership.pk).update(votes=7)


def give_a_seat(membership):
    person = Person.objects.create_user(email="ana@lac.example", last_name="Silva")
    person.employments.create(company=membership.company, starts_on=START_OF_2020)
    give_seat(membership=membership, person=person)


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        (change_dues, "changed since the import"),
        (change_votes, "changed since the import"),
        (give_a_seat, "in use since the import (seat)"),
    ],
)
def test_undo_leaves_a_membership_that_was_changed_or_used_since(lake, use, reason):
    done = import_rows("Lac,Or,2026-01-01,,,,,2026-01-01")
    use(Membership.objects.get())

    undo = undo_directory_import(import_record=done.import_record)

    assert undo.named_skipped_rows == [("Lac, Gold", reason)]
    assert Membership.objects.count() == 1


def test_undo_does_not_change_a_draft_that_was_confirmed_since(lake, plan):
    draft = create_membership(company=lake, plan=plan, starts_on=DAY(2026, 1, 1))
    done = import_rows("Lac,Or,2026-01-01,,9,,,")
    confirm_membership(membership=draft)

    undo_directory_import(import_record=done.import_record)

    assert lake.memberships.get().seats == 9


def test_undo_leaves_the_company_of_a_membership_that_stays():
    done = import_rows("Nouvelle,Or,2026-01-01,,,,,2026-01-01")
    change_dues(Membership.objects.get())

    undo_directory_import(import_record=done.import_record)

    assert Company.objects.filter(name="Nouvelle").exists()


def test_command_confirms_the_memberships_if_that_is_chosen(lake, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("company,plan,member from\nLac,Or,2026-01-01\n")

    call_command("club_import", file, confirm_memberships=True)

    assert lake.memberships.get().state == "active"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_draft_confirmed_and_changed_by_hand_during_imports_is_never_overwritten(lake, plan):
    draft = create_membership(company=lake, plan=plan, starts_on=DAY(2026, 1, 1))
    confirm = partial(confirm_membership, membership=draft)
    lists = [partial(import_rows, f"Lac,Or,2026-01-01,,{seats},,,") for seats in (6, 7, 8)]

    outcomes = run_in_threads([*lists, confirm, *lists], threads=7)

    assert lake.memberships.get().state == "active"
    assert all(isinstance(one, DirectoryChanges | Membership | InvalidRows) for one in outcomes)
