"""Undo of an import whose memberships were renewed since, or that has several of one company."""

import datetime

import pytest
from django.utils import translation

from convention.club.directory_import.import_directory import import_directory
from convention.club.directory_import.undo import undo_directory_import
from convention.club.memberships import confirm_membership, create_membership, renew_membership
from convention.club.models import Membership, Plan
from convention.tables.files import read_table
from tests.factories import make_company, make_membership

pytestmark = pytest.mark.django_db
DAY = datetime.date
HEADER = "company,membership plan,member from,member until,confirmed on"


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def plan():
    return Plan.objects.create(slug="or", name="Or", name_en="Gold", seats=5)


@pytest.fixture
def lake():
    return make_company(name="Lac", role=None)


def import_rows(*rows):
    return import_directory(table=read_table("list.csv", "\n".join([HEADER, *rows, ""]).encode()))


def renew(membership):
    renewal = renew_membership(membership=membership, plan=membership.plan, ends_on=None)
    confirm_membership(membership=renewal)
    return renewal


def test_undo_leaves_a_membership_that_was_renewed_since(lake):
    done = import_rows("Lac,Or,2026-01-01,2026-12-31,2026-01-01")
    membership = Membership.objects.get()
    renew(membership)

    undo = undo_directory_import(import_record=done.import_record)

    assert undo.named_skipped_rows == [("Lac, Gold", "renewed since the import")]
    assert Membership.objects.filter(pk=membership.pk).exists()


def test_undo_leaves_a_draft_that_a_list_confirmed_and_that_was_renewed_since(lake, plan):
    draft = create_membership(company=lake, plan=plan, starts_on=DAY(2026, 1, 1), ends_on=DAY(2026, 12, 31))
    done = import_rows("Lac,Or,2026-01-01,,2026-01-01")
    renew(lake.memberships.get())

    undo = undo_directory_import(import_record=done.import_record)

    draft.refresh_from_db()
    assert undo.named_skipped_rows == [("Lac, Gold", "renewed since the import")]
    assert draft.confirmed_on == DAY(2026, 1, 1)


def test_undo_removes_an_earlier_membership_than_one_that_was_known(lake):
    make_membership(lake, starts_on=DAY(2026, 1, 1))
    done = import_rows("Lac,Or,2025-01-01,2025-12-31,2025-01-01")

    undo_directory_import(import_record=done.import_record)

    assert lake.memberships.get().starts_on == DAY(2026, 1, 1)


def test_undo_removes_memberships_of_a_list_that_follow_each_other(lake):
    done = import_rows("Lac,Or,2026-01-01,2026-12-31,2026-01-01", "Lac,Or,2027-01-01,,2026-01-01")

    undo_directory_import(import_record=done.import_record)

    assert not lake.memberships.exists()
