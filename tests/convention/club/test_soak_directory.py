"""The directory at full size: 500 companies and 20,000 people in one import, and small pages."""

import csv
import io
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from convention.club.directory_import.import_directory import import_directory, preview_directory_import
from convention.club.directory_import.undo import undo_directory_import
from convention.club.models import Company, Employment, Membership, Person, Plan, Seat
from convention.tables.files import read_table
from tests.factories import START_OF_2020, make_administrator

pytestmark = [pytest.mark.django_db, pytest.mark.soak]
COMPANIES, PEOPLE = 500, 20_000
MAX_PAGE_QUERIES = 30
PAGES = (
    "", "?page=9", "?q=Société 4", "companies/societe-7/", "people/", "people/?page=300",
    "people/?q=prénom 77",
    "people/?seat=none", "people/?company=societe-7", "import/", "lists/people.csv", "lists/seats.csv",
)  # fmt: skip


def create_companies():
    """Create companies with memberships whose seats suffice for nine in ten of their people."""
    plan = Plan.objects.create(slug="plan", name="Plan")
    companies = Company.objects.bulk_create(
        Company(name=f"Société {number}", slug=f"societe-{number}") for number in range(COMPANIES)
    )
    Membership.objects.bulk_create(
        Membership(company=company, plan=plan, seats=40, starts_on=START_OF_2020, confirmed_on=START_OF_2020)
        for company in companies
    )


def make_people_table():
    """Return the list of all people as a parsed table."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["company", "first_name", "last_name", "email", "title", "seat"])
    for number in range(PEOPLE):
        seat = "" if number % 10 == 9 else "yes"
        company = f"Société {number % COMPANIES}"
        rows.writerow([company, f"Prénom {number}", f"Nom {number}", f"p{number}@x.example", "DSI", seat])
    return read_table("list.csv", file.getvalue().encode())


def test_full_size_list_is_imported_shown_with_few_queries_and_undone(client):
    create_companies()
    with CaptureQueriesContext(connection) as asked:
        print_duration("rehearsal", lambda: preview_directory_import(table=make_people_table()))

    assert len(asked) < 20
    assert Person.objects.count() == 0

    with CaptureQueriesContext(connection) as asked:
        done = print_duration("import", lambda: import_directory(table=make_people_table()))

    assert Person.objects.count() == PEOPLE
    assert Employment.objects.count() == PEOPLE
    assert Seat.objects.granting_membership().count() == PEOPLE * 9 // 10
    assert len(asked) < 400  # in bulk: 40 statements for each model, not one for each row

    client.force_login(make_administrator())
    counts = {}

    for page in PAGES:
        with CaptureQueriesContext(connection) as asked:
            answer = print_duration(page, lambda page=page: client.get(f"/organize/club/{page}"))
        assert answer.status_code == 200
        counts[page] = len(asked)

    assert max(counts.values()) <= MAX_PAGE_QUERIES, counts

    again = print_duration("again", lambda: import_directory(table=make_people_table()))

    assert again.new_row_count == 0
    assert again.changed_row_count == 0
    assert again.unchanged_row_count == PEOPLE

    undoing = f"/organize/club/imports/{done.import_record.pk}/undo/"
    rows = PEOPLE * 2 + PEOPLE * 9 // 10

    assert f"À supprimer\u202f: {rows}" in print_duration("undo page", lambda: client.get(undoing)).text

    print_duration("undo", lambda: undo_directory_import(import_record=done.import_record))

    assert Person.objects.count() == 1
    assert Seat.objects.count() == 0
    assert Company.objects.count() == COMPANIES


def print_duration(name, work):
    """Call the function and print how long it took."""
    before = time.monotonic()
    found = work()
    print(f"{name or 'companies'}: {time.monotonic() - before:.2f} s")
    return found
